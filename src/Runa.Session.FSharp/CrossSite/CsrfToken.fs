namespace Runa.Session

open System
open System.Buffers.Binary
open System.Buffers.Text
open System.IO
open System.Security.Cryptography
open System.Text
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

[<RequireQualifiedAccess>]
module CsrfToken =
    [<Literal>]
    let fieldName = "csrf_token"

    [<Literal>]
    let headerName = "X-CSRF-Token"

    [<Literal>]
    let private length = 32

    /// Of a token: two times 32 bytes in base64url.
    [<Literal>]
    let private characters = 86

    /// How many secrets a session keeps. It has one, unless requests at the same time issued its first tokens.
    [<Literal>]
    let private most = 4

    let private secretKey = SessionKey.withCodec Codec.bytes "runa.csrf_secret"

    /// What a token of this session masks: the secret, for this owner and sign-in.
    let private proof (secret: byte[]) (session: Session) : byte[] =
        let owner = Session.owner session |> Option.defaultValue "" |> Encoding.UTF8.GetBytes

        let signedIn =
            match Session.signedInAt session with
            | Some at -> at.UtcTicks
            | None -> 0L

        let text = Array.zeroCreate<byte>(8 + owner.Length)
        BinaryPrimitives.WriteInt64BigEndian(text.AsSpan(), signedIn)
        owner.CopyTo(text, 8)
        HMACSHA256.HashData(secret, text)

    let private xor (left: ReadOnlySpan<byte>) (right: ReadOnlySpan<byte>) : byte[] =
        let mixed = left.ToArray()

        for i in 0 .. mixed.Length - 1 do
            mixed[i] <- mixed[i] ^^^ right[i]

        mixed

    let issue (session: Session) : string * Session =
        let secret, session =
            match Session.tryGet secretKey session with
            | Some secrets -> Array.truncate length secrets, session
            | None ->
                let secret = RandomNumberGenerator.GetBytes length

                // If another request stores its own secret meanwhile, and the two are merged, both pages have been made.
                let add (stored: byte[]) = Array.truncate (most * length) (Array.append stored secret)
                let struct (_, session) = Session.updateAgain secretKey [||] add session
                secret, session

        let mask = RandomNumberGenerator.GetBytes length
        let masked = xor (ReadOnlySpan mask) (ReadOnlySpan(proof secret session))
        Base64Url.EncodeToString(ReadOnlySpan(Array.append mask masked)), session

    let isValid (token: string | null) (session: Session) : bool =
        let bytes = Array.zeroCreate<byte>(2 * length)
        let mutable written = 0

        match token, Session.tryGet secretKey session with
        | NonNull token, Some secrets when
            token.Length = characters
            && Base64Url.IsValid(token.AsSpan(), &written)
            && written = bytes.Length
            && Base64Url.TryDecodeFromChars(token.AsSpan(), bytes.AsSpan(), &written)
            ->
            let given = xor (ReadOnlySpan(bytes, 0, length)) (ReadOnlySpan(bytes, length, length))

            secrets
            |> Array.chunkBySize length
            |> Array.exists (fun secret ->
                CryptographicOperations.FixedTimeEquals(ReadOnlySpan given, ReadOnlySpan(proof secret session)))
        | _ -> false

    /// The token that the request brings; null if it brings none. A body that is no form brings none.
    let private ofRequest (request: HttpRequest) : Task<string | null> =
        task {
            match string request.Headers[headerName] with
            | "" when request.HasFormContentType ->
                try
                    let! form = request.ReadFormAsync()
                    return string form[fieldName]
                with
                | :? BadHttpRequestException as e -> return raise e
                | :? InvalidDataException
                | :? IOException
                // Text in UTF-7.
                | :? NotSupportedException -> return null
            | "" -> return null
            | token -> return token
        }

    let validate (name: string) (otherwise: HttpHandler) : HttpHandler =
        fun next context ->
            task {
                if SafeMethod.isSafe context.Request.Method then
                    return! next context
                else
                    let! token = ofRequest context.Request

                    let decide (session: Session) : HttpHandler =
                        if isValid token session then (fun next context -> next context) else otherwise

                    return! readSession name decide next context
            }
