"""The steps of a login that a self-test looks at, and what only the client itself can see: words."""

from dataclasses import dataclass

PUSHED, PKCE, STATE, NONCE, REDIRECT_URI, SCOPE = "pushed", "pkce", "state", "nonce", "redirect_uri", "scope"
CLIENT_AUTHENTICATION, CODE, BINDING = "client_authentication", "code", "binding"
REFRESH, USERINFO, LOGOUT, BACKCHANNEL = "refresh", "userinfo", "logout", "backchannel_logout"
LAST_ERROR = "last_error"
MIN_STATE, MAX_CODE_SECONDS = 16, 10


@dataclass(frozen=True, slots=True)
class Step:
    """``vi``, ``en``: what is looked at. ``do_*``: what to mend, or how to check it."""

    name: str
    vi: str
    en: str
    do_vi: str
    do_en: str


STEPS = (
    Step(
        PUSHED,
        "Gửi yêu cầu trước qua /par (RFC 9126)",
        "The request is pushed to /par (RFC 9126)",
        "Gửi tham số tới /par từ máy chủ, rồi chỉ đưa client_id và request_uri qua trình duyệt.",
        "Post the parameters to /par from the server; send only client_id and request_uri by the browser.",
    ),
    Step(
        PKCE,
        "PKCE với S256 (RFC 7636)",
        "PKCE with S256 (RFC 7636)",
        "Gửi code_challenge với code_challenge_method=S256, và đúng code_verifier đó khi đổi mã.",
        "Send code_challenge with code_challenge_method=S256, and its code_verifier with the code.",
    ),
    Step(
        STATE,
        "Có state, từ 16 ký tự",
        "state is sent, 16 characters or more",
        "Mỗi lần đăng nhập, tạo state ngẫu nhiên từ 16 ký tự và giữ trong phiên của trình duyệt.",
        "Make a random state of 16 characters or more for each login, and keep it in the browser's session.",
    ),
    Step(
        NONCE,
        "Có nonce",
        "nonce is sent",
        "Gửi nonce ngẫu nhiên mỗi lần đăng nhập, rồi so với nonce trong ID token.",
        "Send a random nonce for each login, and compare it with the nonce in the ID token.",
    ),
    Step(
        REDIRECT_URI,
        "Có redirect_uri đã đăng ký",
        "A registered redirect_uri is sent",
        "Gửi redirect_uri giống từng ký tự với một địa chỉ đã đăng ký.",
        "Send redirect_uri, equal in every character to a registered one.",
    ),
    Step(
        SCOPE,
        "Chỉ xin phạm vi đã đăng ký",
        "Only registered scopes are asked for",
        "Bỏ các phạm vi chưa đăng ký khỏi scope, hoặc xin quản trị thêm.",
        "Take what is not registered out of scope, or ask an administrator to add it.",
    ),
    Step(
        CLIENT_AUTHENTICATION,
        "Hệ thống xác thực theo cách đã đăng ký",
        "The client authenticates by the registered method",
        "Kiểm tra cách xác thực, khóa hoặc khóa bí mật, aud là issuer, và đồng hồ máy chủ.",
        "Check the method, the key or secret, that aud is the issuer, and the clock.",
    ),
    Step(
        CODE,
        "Đổi mã trong 10 giây",
        "The code is redeemed within 10 seconds",
        "Đổi mã ngay khi nhận, một lần; mã hết hạn sau 60 giây. Bắt đầu đăng nhập lại.",
        "Redeem the code as soon as it arrives, once; it ends after 60 seconds. Begin a new login.",
    ),
    Step(
        BINDING,
        "Token gắn với khóa (DPoP hoặc mTLS)",
        "Tokens are bound to a key (DPoP or mTLS)",
        "Gửi đầu mục DPoP mới cho mỗi lần gọi, hoặc dùng chứng thư TLS đã đăng ký.",
        "Send a new DPoP proof with each call, or use the registered TLS certificate.",
    ),
    Step(
        REFRESH,
        "Làm mới token",
        "A token is refreshed",
        "Gọi /token với refresh_token mới nhất; không gửi lại cái cũ.",
        "Call /token with the latest refresh_token, never with an older one.",
    ),
    Step(
        USERINFO,
        "Gọi /userinfo",
        "/userinfo is called",
        "Gọi /userinfo với access token trong đầu mục Authorization.",
        "Call /userinfo with the access token in the header Authorization.",
    ),
    Step(
        LOGOUT,
        "Đăng xuất có id_token_hint",
        "Logout is begun with id_token_hint",
        "Khi đăng xuất, đưa trình duyệt tới /logout với id_token_hint là ID token của phiên đó.",
        "At logout send the browser to /logout with the session's ID token as id_token_hint.",
    ),
    Step(
        BACKCHANNEL,
        "Nhận logout token và trả lời 200",
        "The logout token is taken and answered by 200",
        "Mở backchannel_logout_uri cho máy chủ này gọi tới; kết thúc phiên rồi trả lời 200.",
        "Let this server reach backchannel_logout_uri; end the session there, then answer 200.",
    ),
)

UNSEEN = (
    Step(
        "state_checked",
        "So state khi trở về",
        "state is compared on return",
        "Mở địa chỉ nhận kết quả với một state khác: hệ thống phải từ chối.",
        "Open the redirect_uri with another state: your system must refuse.",
    ),
    Step(
        "iss_checked",
        "So iss khi trở về (RFC 9207)",
        "iss is compared on return (RFC 9207)",
        "Mở địa chỉ nhận kết quả với một iss khác: hệ thống phải từ chối trước khi đổi mã.",
        "Open the redirect_uri with another iss: your system must refuse before it redeems the code.",
    ),
    Step(
        "nonce_checked",
        "So nonce trong ID token",
        "The ID token's nonce is compared",
        "Đổi nonce trong phiên trước khi trở về: hệ thống phải từ chối ID token.",
        "Change the nonce in your session before the return: your system must refuse the ID token.",
    ),
    Step(
        "signature_checked",
        "Kiểm tra chữ ký, iss, aud và exp của ID token",
        "Signature, iss, aud and exp of the ID token are verified",
        "Trong kiểm thử, sửa một ký tự của ID token, rồi thử aud khác: hệ thống phải từ chối cả hai.",
        "In your tests change one character of the ID token, then try another aud: both must be refused.",
    ),
)
