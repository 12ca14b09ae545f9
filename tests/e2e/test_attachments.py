"""An attached file through the front door: up with a token, down by its link."""

import httpx2 as httpx


async def test_a_receipt_goes_up_with_a_token_and_comes_down_by_its_link_alone(new_user, base_url):
    anna = await new_user()
    account = await anna.account()
    bought = await anna.post(
        "/transactions", {"account_id": account["id"], "date": "2026-02-03", "amount_minor": -100}
    )
    path, content = f"/transactions/{bought['id']}/attachments", b"%PDF-1.7 " + b"receipt" * 200_000

    made = await anna.http.post(path, files={"file": ("receipt.pdf", content)})
    too_large = await anna.http.post(path, files={"file": ("receipt.pdf", b"x" * 11 * 1024 * 1024)})
    (item,) = (await anna.get(path))["items"]
    async with httpx.AsyncClient(base_url=base_url) as nobody:
        down = await nobody.get(item["url"])
        altered = await nobody.get(item["url"][:-1] + ("A" if item["url"][-1] != "A" else "B"))
        deleted = await nobody.delete(item["url"].partition("?")[0])

    assert (made.status_code, too_large.status_code) == (201, 413)
    assert down.content == content
    assert down.headers["content-disposition"] == "attachment; filename*=UTF-8''receipt.pdf"
    assert down.headers["content-security-policy"].startswith("default-src 'none'")
    assert down.headers["x-content-type-options"] == "nosniff"
    assert (altered.status_code, deleted.status_code) == (404, 401)
