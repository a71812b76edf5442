"""What is a secret and what only looks like one; every value here is put together at run
time, so that no scanner stumbles over this file."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.scan import SecretFinding, find_secrets
from template_creation.scan.secret_rules import RULES

_LETTERS = string.ascii_letters + string.digits
_HEX = string.hexdigits[:16]


def made(length: int, alphabet: str = _LETTERS, seed: int = 7) -> str:
    """Random text with every kind of character that the alphabet has."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(alphabet) for _ in range(length))


@dataclass(frozen=True)
class Planted:
    rule: str
    text: str


PLANTED = [
    Planted("aws-access-key-id", "id = '" + "AK" + "IA" + made(16, string.ascii_uppercase) + "'"),
    Planted("aws-access-key-id", "AS" + "IA" + made(16, string.ascii_uppercase + "234567")),
    Planted("aws-secret-access-key", "aws_secret" + "_access_key = " + made(40)),
    Planted("aws-secret-access-key", "secret" + "AccessKey: '" + made(20) + "/" + made(19) + "'"),
    Planted("azure-key", "AccountName=a;Account" + "Key=" + made(86) + "==;EndpointSuffix=x"),
    Planted("azure-storage-key", "STORAGE_" + "KEY = '" + made(86) + "=='"),
    Planted("url-credentials", "postgres" + "://app:" + "Zk3-qLp9" + "@db.local:5432/app"),
    Planted("url-credentials", "redis" + "://:" + "Zk3-qLp9" + "@cache:6379/0"),
    Planted("github-token", "gh" + "p_" + made(36)),
    Planted("github-fine-grained-pat", "github" + "_pat_" + made(22) + "_" + made(59)),
    Planted("gitlab-token", "gl" + "pat-" + made(20)),
    Planted("hex-token", "API_TO" + "KEN = '" + made(40, _HEX) + "'"),
    Planted("hex-token", "secret" + "_key: " + made(64, _HEX)),
    Planted("hex-token", '"auth' + 'Token": "' + made(32, _HEX) + '"'),
    Planted("jwt", "ey" + "J" + made(20) + ".ey" + "J" + made(30) + "." + made(43)),
    Planted("private-key", "-----BEGIN " + "RSA PRIVATE KEY-----"),
    Planted("private-key", "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----"),
    Planted("generic-secret", "pass" + "word = 'S3cr3t" + "P4ssw0rd!'"),
    Planted("generic-secret", "DB_PASS" + 'WORD="hunter2' + 'hunter2"'),
    Planted("generic-secret", "pass" + "word: 'Super" + "Secret123!'"),
    Planted("generic-secret", "API_" + "KEY: str = '" + "a9!kd02-lQmx82&ab'"),
    Planted("generic-secret", "define('DB_PASS" + "WORD', '" + "kX9mP2vL5q');"),
    Planted("generic-secret", ":pass" + 'word => "' + 'kX9#mP2$vL5q"'),
    Planted("generic-secret", '["Api' + 'Key"] = "' + '9f8a7b6c5d4e3f2a1bz"'),
    Planted("generic-secret-unquoted", "PASS" + "WORD=Xk29!" + "aslkd93kd"),
    Planted("generic-secret-unquoted", "  client_" + "secret: 9f8a7b6c" + "Kd4e3f2a1bZq"),
    Planted("slack-token", "xox" + "b-" + made(11, string.digits) + "-" + made(24)),
    Planted(
        "slack-webhook", "https://hooks.slack" + ".com/services/T0" + made(8) + "/B" + made(30)
    ),
    Planted("stripe-secret-key", "sk" + "_live_" + made(24)),
    Planted("stripe-secret-key", "rk" + "_test_" + made(24)),
    Planted("anthropic-api-key", "sk-" + "ant-api03-" + made(93)),
    Planted("openai-api-key", "sk-" + made(48)),
    Planted("openai-api-key", "sk-" + "proj-" + made(40) + "-" + made(30)),
    Planted("google-api-key", "AI" + "za" + made(35)),
    Planted("npm-token", "np" + "m_" + made(36)),
    Planted("pypi-token", "py" + "pi-AgEIcHlwaS5vcmc" + made(60)),
    Planted("sendgrid-token", "S" + "G." + made(22) + "." + made(43)),
    Planted("digitalocean-token", "dop" + "_v1_" + made(64, _HEX)),
    Planted("huggingface-token", "h" + "f_" + made(34)),
    Planted("connection-string", "Server=db;Database=a;User Id=sa;Pass" + "word=Str0ng!Pa;"),
    Planted("connection-string", "Data Source=.;User Id=sa;P" + "wd=Pa55w.rd9x"),
    Planted("authorization-header", "Authorization: Bea" + "rer " + made(40)),
    Planted("shopify-token", "shp" + "at_" + made(32, _HEX)),
    Planted("telegram-bot-token", "1234567890" + ":A" + "A" + made(33)),
    Planted("databricks-token", "dap" + "i" + made(32, _HEX)),
    Planted("vault-token", "hv" + "s." + made(28)),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.rule)
def test_finds_a_planted_secret(planted: Planted) -> None:
    """Each kind is found under its own rule, on its own line, in code with any line end."""
    for end in ("\n", "\r\n"):
        data = f"first{end}{planted.text}{end}last{end}".encode()
        assert find_secrets(data) == (SecretFinding(2, planted.rule),)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.rule)
def test_says_nothing_of_the_value(planted: Planted) -> None:
    """Rule and line are all that a finding holds."""
    (finding,) = find_secrets(planted.text.encode())
    assert set(finding.__slots__) == {"line", "rule"}
    assert repr(finding) == f"SecretFinding(line=1, rule={planted.rule!r})"


@pytest.mark.parametrize(
    "text",
    [
        "password = 'changethis'",
        "password = 'testpassword'",
        "password: 'password123'",
        '"password": "Password123!"',
        'password = "Administrator1!"',
        "API_KEY = 'your-api-key-here'",
        "token: ${GITHUB_TOKEN}",
        "token: ${{ secrets.GITHUB_TOKEN_2 }}",
        "secret = '<token>'",
        "api_key = 'xxxxxxxxxxxx'",
        "password = os.environ['DB_PASSWORD']",
        "const token = process.env.API_TOKEN_V2",
        "u.totp_secret = ROTP::Base32.random",
        "postgres://postgres:postgres@localhost/app",
        "postgresql://user:password@host/db",
        "DATABASE_URL trilogy://[username]:[password]@[1.2.3.4]/app",
        "password_field = 'id_password1'",
        "tokenUrl = '/api/v1/login/access-token'",
        'tokenUrl=f"{settings.API_V1_STR}/login/access-token"',
        '"tokenEndpoint": "https://x.y/oauth2/token"',
        "token = create_token(data={'sub': 'a1'}, expires=42)",
        "passwordResetToken = 'users.password.reset'",
        'password = user_data["password"]',
        "PASSWORD_HASHERS = ['app.auth.hashers.MD5PasswordHasher']",
        "password: z.string().min(8)",
        "class='sk-fading-circle-animation-delay1'",
        "uses: actions/checkout@" + made(40, _HEX),
        "uses: aws-actions/configure@" + made(40, _HEX),
        "'integrity': 'sha512-" + made(86) + "=='",
        "revision = '" + made(12, _HEX) + "'",
        'hashed_password: "$2b$12$' + made(53) + '"',
        "Server=x, PublicKeyToken=b77a5c561934e089",
        'PublicKeyToken="b03f5f7f11d50a3a"',
        "gh" + "p_" + "x" * 36,
        "AK" + "IA" + "X" * 16,
        "`PasswordRequestForm`, `PasswordBearer2` of **FastAPI**",
        "http://user:pass@example.com/",
        "jsonwebtoken (`web/package.json:25`)",
        "golang-jwt token (`go.mod:19`)",
        "git clone https://x-access-token:${TOKEN}@github.com/a/b",
    ],
)
def test_what_is_no_secret(text: str) -> None:
    """Placeholders, look-ups, trivial words, hashes of code and plain names are none."""
    assert find_secrets(text.encode()) == ()


def test_a_line_may_be_allowed_by_its_author() -> None:
    """The marks of the common scanners are honoured, for their line only."""
    line = "token = 'gh" + "p_" + made(36) + "'"
    allowed = f"{line}  # gitleaks:allow\n{line}  # pragma: allowlist secret\n{line}\n"
    assert find_secrets(allowed.encode()) == (SecretFinding(3, "github-token"),)


def test_every_rule_is_planted_or_simple() -> None:
    """There are at least twenty rules, and their ids are unique."""
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids)) >= 20


def test_several_on_one_line_count_once_under_the_most_specific_rule() -> None:
    """The line is what a person looks at."""
    text = "pass" + "word = 'gh" + "p_" + made(36) + "'"
    assert [finding.rule for finding in find_secrets(text.encode())] == ["github-token"]


@given(st.binary(max_size=400))
def test_any_bytes_can_be_asked(data: bytes) -> None:
    """No input raises, and lines lie inside the data."""
    for finding in find_secrets(data):
        assert 1 <= finding.line <= data.count(b"\n") + 1


@pytest.mark.parametrize(
    "data",
    [
        b"password='a" + b"_" * 190 + b"1'\n",
        b"token" * 40_000,
        b"password: " * 20_000,
        b"://a:" * 40_000,
        b"aws " * 50_000,
        b"key" + b" " * 200_000,
        b"eyJ" + b"a." * 100_000,
    ],
    ids=["underscores", "token", "password", "url", "aws", "spaces", "jwt"],
)
def test_hostile_text_comes_to_an_end(data: bytes) -> None:
    """Every pattern is bounded: 200 kB made to send one back and forth is just text."""
    assert find_secrets(data) == ()
