"""What the person at the terminal is told when everything runs."""

BANNER = """
────────────────────────────────────────────────────────────────────────────────
 Ấn Tín đang chạy (dữ liệu MẪU) / Ấn Tín is running (demo data, marked MẪU)

   bàn ký số / signing desk             {desk}
   kiểm tra văn bản / verify            {verify}
   dịch vụ ký số / signing service      {signsvc}/openapi.json
   định danh / identity provider        {idp}/.well-known/openid-configuration
   CA, OCSP, TSA để thử / for tests     {devca}/root.pem
   số liệu / metrics                    {signsvc}/metrics  {idp}/metrics  http://127.0.0.1:8086/metrics

 Đăng nhập thử / log in: {idp}/account  (công dân: cổng mô phỏng / citizens: simulated portal)

{people}

   mã 6 số / 6-digit code:  .venv/bin/python docker/development/demo_people.py lan.mau
   PIN và mã để ký / to sign:  .venv/bin/python docker/development/demo_desk.py
   quản trị: tạo khóa truy cập ở lần đầu / the administrator makes a passkey at the first login

 Ký thử một văn bản, ở cửa sổ khác / Sign a document, in another terminal:

   . run/env
   antin sign tests/samples/quyet-dinh.pdf -o signed.pdf --level B-LTA
   antin verify signed.pdf

 Ctrl-C để dừng / to stop
────────────────────────────────────────────────────────────────────────────────
"""
