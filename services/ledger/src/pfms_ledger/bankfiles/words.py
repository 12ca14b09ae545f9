"""What the headers of bank tables say, in the languages banks write: one dictionary over folded words.

A phrase matches a header that contains its words side by side. A word matches its plurals and longer forms too
("withdrawal": Withdrawals) and, from five letters on, compounds that end in it ("betrag": Buchungsbetrag), one
that begins with = only itself. Of several matches the one that covers most of the header counts.
"""

import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import Literal, NamedTuple

Role = Literal[
    "date_booked", "date", "date_posted", "date_value", "amount", "debit", "credit", "gross", "net", "fee",
    "foreign", "balance", "opening", "closing", "sign", "type", "currency", "account", "bank_id", "status",
    "payee", "memo", "other",
]  # fmt: skip

DATES = ("date_booked", "date", "date_posted", "date_value")
"""In the order in which they are taken: completion or booking, transaction, posting, value."""
MONEY = ("amount", "debit", "credit", "gross", "net")

_PHRASES: dict[Role, str] = {
    "date_booked": """
        completed date;completed;completed on;completed at;date completed;completion date;booking date;
        booked;date booked;booked on;booked at;book date;accounting date;buchungsdatum;buchungstag;
        buchungstermin;gebucht am;buchung;date de comptabilisation;date comptable;date comptabilisation;
        date d ecriture;fecha contable;fecha contabilizacion;fecha de contabilizacion;fecha de asiento;
        fecha asiento;data contabile;data registrazione;data contabilizzazione;data de lancamento;
        data lancamento;data do lancamento;data contabilistica;data mov;data movimento;boekdatum;
        boekingsdatum;datum boeking;data ksiegowania;data zaksiegowania;datum zauctovani;zauctovano;
        datum zauctovania;bokforingsdag;bokforingsdatum;bokforingsdato;bokfort;bokforings dato;
        bogforingsdato;bogfort;kirjauspaiva;kirjauspaivamaara;konyveles datuma;konyvelesi datum;
        konyveles napja;konyvelve;data inregistrarii;muhasebe tarihi;дата проводки;
        дата списания зачисления;дата обработки;入账日期;入賬日期;记账日期;記帳日期;入帳日期;记账日;
        記帳日;記帳日期;记帐日期;计上日;計上日;기장일;datum knjizenja;datum knjiženja;data contabilizarii;
        ημερομηνια καταχωρησης""",
    "date": """
        =date;=dates;transaction date;transaction day;trans date;txn date;tran date;trn date;
        date of transaction;operation date;purchase date;created;created at;created on;creation date;
        started date;start date;datetime;date time;timestamp;datum;umsatzdatum;belegdatum;kaufdatum;
        datum der transaktion;date operation;date de l operation;date d operation;date de transaction;
        date transaction;date d achat;fecha;fecha operacion;fecha de operacion;fecha de la operacion;
        fecha movimiento;fecha transaccion;f operacion;=data;data operazione;data operacao;
        data da operacao;data transacao;data da transacao;data compra;data transakcji;data operacji;
        datum transakce;datum provedeni;datum transakcie;datum operace;transaktionsdag;transaktionsdatum;
        transaktionsdato;kopdatum;kjopsdato;dato;paiva;paivamaara;pvm;maksupaiva;tapahtumapaiva;ostopaiva;
        tranzakcio datuma;tranzakcio idopontja;datum tranzakcie;data tranzactiei;tarih;islem tarihi;дата;
        дата операции;дата транзакции;дата платежа;transactiedatum;datum transactie;日期;交易日期;
        交易时间;交易時間;交易日;时间;創建时间;创建时间;日付;取引日;年月日;利用日;お取引日;取引年月日;
        お支払日;거래일;거래일자;거래일시;일자;날짜;이용일;이용일자;이용일시;kuupaev;datums;ημερομηνια;
        التاريخ;תאריך;วันที่;ngay;ngay giao dich;tanggal;datum transakcije;datum i vreme""",
    "date_posted": """
        posting date;posted date;date posted;post date;posted on;posted;date processed;processed date;
        process date;processing date;posted transactions;settlement date;cleared date;date de traitement;
        fecha proceso;verwerkingsdatum;verarbeitungsdatum;data przetworzenia""",
    "date_value": """
        value date;val date;effective date;interest date;valuta datum;valutadatum;wertstellung;
        wertstellungstag;wertstellungsdatum;valuta;wert;date de valeur;date valeur;fecha valor;
        fecha de valor;f valor;data valuta;data valor;data de valor;rentedatum;data waluty;datum valuty;
        valutadag;valutadato;rentedato;rantadag;rentedag;arvopaiva;ertek nap;erteknap;ertek datum;
        valor tarihi;valor;дата валютирования;起息日;起息日期;data valutei;datum valute""",
    "amount": """
        amount;amt;transaction amount;amount total;total amount;amount in account currency;billing amount;
        billed amount;booked amount;settled amount;betrag;umsatz;umsatz in;buchungsbetrag;betrag in eur;
        zahlbetrag;betrag in kontowahrung;montant;montant de l operation;montant operation;somme;importe;
        import;monto;cantidad;importe de la operacion;importo;valor;quantia;montante;valor do lancamento;
        valor da operacao;bedrag;transactiebedrag;bedrag eur;kwota;kwota transakcji;kwota operacji;
        kwota w walucie rachunku;castka;zauctovana castka;castka v mene uctu;objem;suma;ciastka;belopp;
        belob;belop;belop i;summa;maara;osszeg;konyvelt osszeg;tranzakcio osszege;tutar;islem tutari;
        miktar;сумма;сумма операции;сумма платежа;сумма в валюте счета;сумма в валюте карты;сума;金额;
        金額;交易金额;交易金額;发生额;發生額;取引金額;利用金額;請求金額;금액;거래금액;이용금액;ποσο;
        المبلغ;סכום;จำนวนเงิน;so tien;jumlah;nominal;value;iznos;importul;sumalei;dollars;usd;eur;gbp;chf""",
    "debit": """
        debit;debit amount;amount debit;withdrawal;withdrawal amount;withdrawn;paid out;money out;
        amount out;out;outflow;outgoing;spent;expense;spending;soll;soll betrag;belastung;lastschrift;
        ausgang;ausgabe;auszahlung;debet;montant debit;debit eur;debit euros;retrait;depense;=sortie;
        =sorties;cargo;debe;gasto;retiro;egreso;salida;addebito;addebiti;dare;uscite;uscita;spesa;debito;
        debiti;saida;despesa;levantamento;af;afschrijving;uitgaven;uitgave;uit;obciazenia;obciazenie;
        wydatki;wydatek;wyplata;vydaje;vydaj;odchozi;na vrub;utgift;uttag;ut;ut av konto;ut fra konto;
        ut fran konto;udbetaling;haevet;otto;meno;menot;terheles;kiadas;borc;gider;cekilen;расход;
        списание;дебет;支出;支出金额;支出金額;借方;借方金额;借方金額;借方发生额;借方發生額;付款金额;出金;
        出金額;支払金額;お支払金額;引出;お引出し;お引き出し;出金金額;출금;출금액;출금금액;찾으신금액;
        찾으신 금액;支取;取出;取出金额;提款;isplata;duguje;plati;debitare;χρεωση""",
    "credit": """
        credit;credit amount;amount credit;deposit;deposit amount;paid in;money in;amount in;in;inflow;
        incoming;received;income;haben;haben betrag;gutschrift;eingang;einnahme;einzahlung;kredit;
        montant credit;credit eur;credit euros;versement;recette;entree;entrees;abono;haber;ingreso;
        deposito;entrada;accredito;accrediti;avere;entrate;credito;crediti;receita;bij;bijschrijving;
        ontvangsten;inkomsten;uznania;uznanie;wplywy;wplyw;wplata;prijmy;prijem;prichozi;ve prospech;
        inkomst;insattning;inn;inn pa konto;inn til konto;in pa konto;indbetaling;indsat;pano;tulo;tulot;
        jovairas;bevetel;alacak;gelir;yatirilan;приход;зачисление;кредит;поступление;收入;收入金额;
        收入金額;贷方;貸方;贷方金额;貸方金額;贷方发生额;收款金额;存入;存入金额;存款;入金;入金額;預入金額;
        お預入金額;お預入れ;預入;お預り金額;입금;입금액;입금금액;맡기신금액;맡기신 금액;uplata;potrazuje;
        creditare;πιστωση""",
    "gross": """
        gross;gross amount;brutto;bruttobetrag;brut;montant brut;bruto;importe bruto;lordo;importo lordo""",
    "net": """
        net;net amount;netto;nettobetrag;montant net;neto;importe neto;importo netto;valor liquido""",
    "fee": """
        fee;amount fee;fee amount;transaction fee;fees;commission;processing fees;gebuhr;gebuehr;entgelt;
        frais;comision;commissioni;commissione;taxa;tarifa;kosten;oplata;prowizja;poplatek;avgift;gebyr;
        palkkio;dij;jutalek;komisyon;ucret;комиссия;手续费;服务费;手續費;手数料;수수료;naknada;provizija""",
    "foreign": """
        amount currency;foreign amount;foreign currency amount;amount in foreign currency;original amount;
        amount original;amount foreign;transaction currency amount;local amount;local currency amount;
        merchant amount;converted amount;exchange rate;rate;fx rate;conversion rate;foreign spend amount;
        fremdwahrung;fremdwahrungsbetrag;betrag fremdwahrung;betrag in fremdwahrung;originalbetrag;
        ursprungsbetrag;ursprunglicher betrag;wechselkurs;kurs;umrechnungskurs;montant en devise;
        montant devise;montant en devises;montant origine;montant d origine;taux;taux de change;
        importe original;importe en divisa;importe divisa;tipo de cambio;importo originale;
        importo in divisa;cambio;valor original;valor em moeda estrangeira;bedrag vreemde valuta;
        origineel bedrag;wisselkoers;koers;kwota oryginalna;kwota w walucie oryginalnej;kurs waluty;
        kwota w walucie;puvodni castka;puvodni castka a mena;castka v puvodni mene;castka v cizi mene;
        originalbelopp;utlandskt belopp;vaxelkurs;originalbelob;valutakurs;belop i valuta;
        alkuperainen maara;eredeti osszeg;arfolyam;orijinal tutar;сумма в валюте операции;сумма в валюте;
        курс;原币金额;外币金额;外幣金額;外币;外幣;汇率;匯率;現地通貨額;換算レート;外貨金額;외화;
        insurance amount;shipping and handling amount;sales tax;tax;vat;cashback;tip amount;amount tip;
        amount tax;steuer;mwst;quantity;item;budget;limit;points""",
    "balance": """
        balance;running balance;runningbalance;account balance;balance after;available balance;
        ledger balance;closing ledger balance;saldo;saldo nach buchung;saldo nach;kontostand;neuer saldo;
        solde;solde apres;solde apres operation;saldo disponible;saldo contable;saldo posterior;
        saldo finale;saldo contabile;saldo apos;stan;stan konta;saldo po operacji;saldo po transakcji;
        saldo koncowe;zustatek;zostatok;zustatek po transakci;beholdning;saldo efter;bokfort saldo;
        egyenleg;konyvelt egyenleg;bakiye;остаток;баланс;余额;餘額;账户余额;本次余额;交易后余额;残高;
        差引残高;お取引後の残高;取引後残高;잔액;거래후잔액;거래 후 잔액;υπολοιπο;stanje;sold""",
    "opening": """
        beginning balance;opening balance;start balance;starting balance;startsaldo;beginsaldo;
        anfangssaldo;saldo inicial;saldo iniziale;solde initial;saldo poczatkowe;pocatecni zustatek;
        期初余额""",
    "closing": """
        ending balance;closing balance;end balance;eindsaldo;endsaldo;saldo final;solde final;
        konecny zustatek;期末余额;year to date""",
    "sign": """
        credit debit;debit credit;credit or debit;debit or credit;credit debit indicator;
        debit credit indicator;credit debit code;d c;c d;dc;cd;db cr;cr db;dr cr;cr dr;cr or dr;
        dc indicator;dr cr indicator;indicator;direction;in out;soll haben;haben soll;s h;
        soll haben kennzeichen;soll haben kz;kennzeichen;sens;debit ou credit;af bij;bij af;afbij;sign;
        znak;d k;k d;wn ma;收 支;收支;收支类型;收付;收付标志;借贷;借 贷;借贷标志;借贷方向;借貸;收付方向;
        dare avere;tipo movimento;cargo abono;debe haber;debito credito;入出金;入出金区分;입출금;
        입출금구분;거래구분;betalingstype;tegn;deebet kreedit;d k code""",
    "type": """
        type;transaction type;trans type;tran type;txn type;details type;typ;art;umsatzart;buchungsart;
        transaktionstyp;type de transaction;type operation;tipo;tipo de transaccion;tipo transazione;
        tipo operacao;soort;mutatiesoort;typ transakcji;typ transakce;transaktionstype;tapahtumalaji;laji;
        islem tipi;тип;тип операции;交易类型;交易類型;类型;種別;取引種別;구분""",
    "currency": """
        currency;ccy;cur;curr;currency code;account currency;currency of account;iso currency;
        currencycode;wahrung;waehrung;kontowahrung;wahrungscode;devise;code devise;monnaie;moneda;divisa;
        valuta;moeda;munt;muntsoort;waluta;waluta rachunku;mena;mena uctu;valuutta;penznem;deviza;
        devizanem;para birimi;doviz;doviz cinsi;валюта;валюта операции;валюта счета;币种;币别;幣別;幣種;
        货币;通貨;通貨コード;통화;valut;νομισμα;العملة""",
    "account": """
        account;account name;account number;account no;account id;acct;own account;our account;
        accountname;product;auftragskonto;auftraggeberkonto;iban auftragskonto;kontobezeichnung;konto;
        compte;nom du compte;numero de compte;numero compte;=cuenta;numero de cuenta;=conto;numero conto;
        =conta;rekening;rekeningnummer;iban bban;rachunek;numer rachunku;nr rachunku;cislo uctu;ucet;
        nazev uctu;tili;tilinumero;szamlaszam;szamla;hesap;hesap no;номер счета;счет;账户;账号;口座;
        口座番号;계좌;계좌번호""",
    "bank_id": """
        transaction id;transactionid;txn id;fitid;balance transaction id;unique id;uuid;
        transaction number;transaction unique id;id transakce;id transakcie;id transaction;id transaccion;
        id transazione;id transacao;id;identifiant;identifiant transaction;transaktions id;transaktionsid;
        id operacji;id transakcji;identificador;交易单号;交易订单号;交易流水号;流水号;交易号;交易編號;
        거래번호;取引番号;operation id;ид операции""",
    "status": """
        status;state;transaction status;payment status;stav;etat;statut;estado;stato;situacao;durum;
        статус;cleared;tila;allapot;stan transakcji;交易状态;当前状态;状态;狀態;ステータス;상태;pending""",
    "payee": """
        payee;name;payee name;counterparty;counterparty name;merchant;merchant name;vendor;beneficiary;
        beneficiary name;recipient;to from;to;from;partner;partner name;supplier;empfanger;empfaenger;
        auftraggeber;beguenstigter;begunstigter;beguenstigter zahlungspflichtiger;
        begunstigter zahlungspflichtiger;zahlungspflichtiger;zahlungsempfanger;zahlungsbeteiligter;
        name zahlungsbeteiligter;partnername;empfanger auftraggeber;auftraggeber empfanger;gegenpartei;
        handler;beneficiaire;tiers;nom;destinataire;contrepartie;commercant;beneficiario;ordenante;
        comercio;destinatario;ordinante;controparte;esercente;favorecido;naam tegenpartij;naam;
        tegenpartij;naam omschrijving;begunstigde;odbiorca;nadawca;kontrahent;nazwa odbiorcy;
        nazwa kontrahenta;nadawca odbiorca;nazev protiuctu;protistrana;prijemce;nazev obchodnika;
        obchodnik;mottagare;motpart;avsandare;modtager;mottaker;avsender;butikk;saaja;maksaja;
        saaja maksaja;kedvezmenyezett;partner neve;alici;gonderen;контрагент;получатель;плательщик;
        交易对方;对方户名;对方名称;对方账户名;商户名称;交易对手;对手信息;收款人;商店;利用店名;利用先;
        お取引先;相手先;店舗;상대방;거래처;가맹점명;가맹점;primalac;komitent;remarque;buyer;seller""",
    "memo": """
        description;transaction description;extended description;details;transaction details;memo;note;
        notes;narrative;narration;reference;particulars;text;label;title;remark;remarks;comment;purpose;
        item title;payment details;payment reference;verwendungszweck;buchungstext;buchungsinformationen;
        buchungsdetails;vorgang;beschreibung;umsatztext;zweck;verwendung;zahlungsgrund;libelle;
        libelle operation;detail;detail de l ecriture;communication;motif;intitule;nature de l operation;
        informations complementaires;concepto;descripcion;detalle;observaciones;mas datos;causale;
        descrizione;descrizione operazione;dettagli;descricao;historico;descritivo;omschrijving;
        mededelingen;opis;opis operacji;opis transakcji;tytul;tytul operacji;szczegoly;popis;zprava;
        zprava pro prijemce;poznamka;ucel;ucel platby;beskrivning;rubrik;meddelande;tekst;forklaring;
        besked;beskrivelse;posteringstekst;selite;selitys;viesti;viite;kozlemeny;megjegyzes;leiras;
        aciklama;описание;назначение платежа;назначение;примечание;комментарий;摘要;交易摘要;备注;備註;
        商品说明;商品;交易说明;附言;交易附言;交易名称;取引内容;内容;お取り扱い内容;お取引内容;適用;
        摘要内容;적요;내용;거래내용;비고;opis placanja;svrha;svrha doznake;detalii;αιτιολογια;περιγραφη""",
    "other": """
        time;transaction time;time zone;timezone;time of day;uhrzeit;heure;hora;ora;czas;cas;tid;
        klockslag;tijd;aika;saat;время;记账时间;時間;bank account;address;shipping address;iban;bic;swift;
        blz;bankleitzahl;bank code;sort code;check number;check no;cheque number;card;card number;card no;
        category;kategorie;categorie;categoria;kategoria;kategori;категория;balance impact;
        balance currency;due date;closing date;update date;last updated;available on;print date;
        statement date;birth date;kontonummer;counterparty account;对方账号;对方卡号;对方开户行;zeitzone;
        receipt;receipt id;invoice number;reference number;reference txn id;mandatsreferenz;glaubiger id;
        kundenreferenz;counterparty status;address status;item id""",
}

_SPECIAL = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
_LONGEST = 120
_STEM, _TAIL, _ENDING = 4, 5, 3
_WORDS = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Small letters without accents, words separated by one blank, everything else dropped."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_SPECIAL)
        text = unicodedata.normalize("NFC", "".join(c for c in decomposed if unicodedata.category(c) != "Mn"))
    return " ".join(_WORDS.findall(text.lower()))


def far_east(text: str) -> bool:
    """Whether a text holds Chinese, Japanese or Korean letters."""
    return any("\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" for c in text)


type _Phrase = tuple[Role, tuple[str, ...]]


class _Index(NamedTuple):
    """The phrases by their first word: the whole word, its first four or its last five letters; glyphs apart."""

    whole: dict[str, list[_Phrase]]
    begins: dict[str, list[_Phrase]]
    ends: dict[str, list[_Phrase]]
    glyphs: list[tuple[Role, str]]


def _index() -> _Index:
    index = _Index(defaultdict(list), defaultdict(list), defaultdict(list), [])
    for role, text in _PHRASES.items():
        for part in text.split(";"):
            phrase = fold(part)
            if far_east(phrase):
                index.glyphs.append((role, phrase))
                continue
            exact = "=" if part.strip().startswith("=") else ""
            words = tuple(exact + word for word in phrase.split())
            first = words[0].removeprefix("=")
            index.whole[first].append((role, words))
            if len(first) >= _STEM and not exact:
                index.begins[first[:_STEM]].append((role, words))
                index.ends[first[-_TAIL:]].append((role, words))
    return index


def _same(word: str, stem: str) -> bool:
    if word == stem or stem[0] == "=":
        return word == stem.removeprefix("=")
    longer = len(word) <= len(stem) + _ENDING and word.startswith(stem)
    return len(stem) >= _STEM and (longer or (len(stem) >= _TAIL and word.endswith(stem)))


_INDEX = _index()


def _scores(words: list[str]) -> dict[Role, int]:
    """How many letters of the header the best phrase of each role accounts for, exact words a little more."""
    scores: dict[Role, int] = {}
    for start, word in enumerate(words):
        found = (
            _INDEX.whole.get(word, [])
            + _INDEX.begins.get(word[:_STEM], [])
            + _INDEX.ends.get(word[-_TAIL:], [])
        )
        for role, phrase in found:
            rest = words[start : start + len(phrase)]
            if len(rest) == len(phrase) and all(map(_same, rest, phrase)):
                score = 10 * sum(map(len, phrase)) + sum(map(str.__eq__, rest, phrase))
                scores[role] = max(score, scores.get(role, 0))
    return scores


def roles_of(header: str) -> tuple[Role, ...]:
    """The roles a header may mean, the likeliest first; empty for words the dictionary doesn't know."""
    return _roles_of(header) if len(header) <= _LONGEST else ()


@lru_cache(maxsize=4096)
def _roles_of(header: str) -> tuple[Role, ...]:
    folded = fold(header)
    if not folded:
        return ()
    scores = _scores(folded.split())
    for role, glyphs in _INDEX.glyphs if far_east(folded) else []:
        if glyphs in folded:
            whole = 15 if glyphs == folded else 5 if folded.endswith(glyphs) else 0
            scores[role] = max(30 * len(glyphs) + whole, scores.get(role, 0))
    order = list(_PHRASES)
    return tuple(sorted(scores, key=lambda role: (-scores[role], order.index(role))))
