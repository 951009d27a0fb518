namespace Runa.Session

open System

/// Checks a cookie's name, path and domain by RFC 6265 and RFC 6265bis. (The framework checks none of them: it accepts
/// the path "/; Domain=evil".)
module internal CookieRules =
    let private isToken c = Char.IsAsciiLetterOrDigit c || "!#$%&'*+-.^_`|~".Contains c

    let hostPrefix = "__Host-"
    let securePrefix = "__Secure-"
    let private httpPrefix = "__Http-"
    let private hostHttpPrefix = "__Host-Http-"

    /// Browsers ignore the case of the prefixes (RFC 6265bis §5.7).
    let private hasPrefix (prefix: string) (name: string) = name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)

    /// The prefix of a name, as browsers know it (RFC 6265bis §4.1.3; `__Http-` and `__Host-Http-`: draft-ietf-httpbis-
    /// layered-cookies §4.1.3). All of them want Secure.
    let prefixOf (name: string) : string option =
        [ hostHttpPrefix; hostPrefix; httpPrefix; securePrefix ]
        |> List.tryFind (fun prefix -> hasPrefix prefix name)

    /// Whether browsers take the cookie for one host and the path / only. Those that do not know `__Host-Http-` read it
    /// as `__Host-`.
    let isHostOnly (name: string) = hasPrefix hostPrefix name

    /// Whether browsers take the cookie with HttpOnly only.
    let isHttpOnly (name: string) = hasPrefix httpPrefix name || hasPrefix hostHttpPrefix name

    /// The name of the cookie by which a device proves itself, beside the session's own.
    let boundName (cookieName: string) : string = cookieName + "_bound"

    /// Whether the name is a token (RFC 9110 §5.6.2) of at most 128 characters.
    let isName (name: string) = name.Length > 0 && name.Length <= 128 && Seq.forall isToken name

    /// Whether the path begins with a slash and has visible ASCII characters only, without semicolons (RFC 6265
    /// §4.1.1).
    let isPath (path: string) = path.StartsWith '/' && path |> Seq.forall (fun c -> c > ' ' && c < '\127' && c <> ';')

    /// Whether the domain consists of labels of letters, digits and inner hyphens (RFC 1034 §3.5, RFC 1123 §2.1).
    /// Browsers ignore a leading dot; here it is refused.
    let isDomain (domain: string) =
        let isLabel (label: string) =
            label.Length > 0
            && label.Length <= 63
            && label |> Seq.forall (fun c -> Char.IsAsciiLetterOrDigit c || c = '-')
            && not (label.StartsWith '-')
            && not (label.EndsWith '-')

        domain.Length <= 253 && domain.Split '.' |> Array.forall isLabel
