namespace Runa.Session

open System

/// What RFC 6265 and RFC 6265bis let a cookie's name, path and domain be. (The framework checks none of this: a path of
/// "/; Domain=evil" passes it.)
module internal CookieRules =
    let private isToken c = Char.IsAsciiLetterOrDigit c || "!#$%&'*+-.^_`|~".Contains c

    let hostPrefix = "__Host-"
    let securePrefix = "__Secure-"

    /// RFC 6265bis §5.7: browsers compare the prefixes without regard to case.
    let hasPrefix (prefix: string) (name: string) = name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)

    /// RFC 9110 §5.6.2: a token.
    let isName (name: string) = name.Length > 0 && name.Length <= 128 && Seq.forall isToken name

    /// RFC 6265 §4.1.1: any visible ASCII but a semicolon, beginning with a slash.
    let isPath (path: string) = path.StartsWith '/' && path |> Seq.forall (fun c -> c > ' ' && c < '\127' && c <> ';')

    /// RFC 1034 §3.5 with RFC 1123 §2.1: labels of letters, digits and inner hyphens; a leading dot is ignored by
    /// browsers and refused here.
    let isDomain (domain: string) =
        let isLabel (label: string) =
            label.Length > 0
            && label.Length <= 63
            && label |> Seq.forall (fun c -> Char.IsAsciiLetterOrDigit c || c = '-')
            && not (label.StartsWith '-')
            && not (label.EndsWith '-')

        domain.Length <= 253 && domain.Split '.' |> Array.forall isLabel
