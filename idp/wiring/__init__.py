"""Parts of the wiring that ``app.py`` puts together; nobody else imports them."""
