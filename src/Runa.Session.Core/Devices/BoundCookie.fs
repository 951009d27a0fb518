namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Text

/// The fields of a bound cookie, by offset and length: 42 bytes are exactly 56 characters of base64url, with no spare bits.
module private BoundLayout =
    /// Tokens begin with 1 and 2, and sealed cookies with 2, so that none is taken for another.
    let version = 3uy
    let id = 3
    let idLength = 16
    /// Milliseconds since 1970.
    let ends = 19
    let endsLength = 7
    let tag = 26
    let length = 42
    let textLength = 56
    /// The characters of an id, which begin at this one.
    let idAt = 4
    let idText = 22
    /// What an id can end in.
    let lastOfId = "AQgw"

/// Makes and reads the bound cookies of one session name of one application: a device proved lately that it has its key. The
/// device's id in them is no secret: it is worthless without the key. Nothing is stored of them. One HMAC-SHA256 over purpose,
/// shared flag, application, session name, version, key id, device id and end gives the tag.
[<Sealed>]
type internal BoundCookies(ring: KeyRing, application: string option, name: string) =
    let prefix = KeyRing.context "Runa.Session bound cookie v1" application name
    let pool = Pool<SignedBuffer>(fun () -> SignedBuffer(ring, prefix, BoundLayout.length))
    // Of a bound cookie only the words count. Most requests show one that was verified before.
    let memo = TokenMemo()

    let writeEnd (cookie: Span<byte>) (endsAt: DateTimeOffset) =
        let at = cookie.Slice(BoundLayout.ends, BoundLayout.endsLength)
        let mutable rest = endsAt.ToUnixTimeMilliseconds()

        for n in BoundLayout.endsLength - 1 .. -1 .. 0 do
            at[n] <- byte rest
            rest <- rest >>> 8

    let endOf (cookie: Span<byte>) : int64 =
        let mutable milliseconds = 0L

        for n in 0 .. BoundLayout.endsLength - 1 do
            milliseconds <- (milliseconds <<< 8) ||| int64 cookie[BoundLayout.ends + n]

        milliseconds

    /// Whether the text begins as a cookie of this device does: the characters of an id stand in it, but for the last two bits.
    let mayBeOf (deviceId: string) (text: ReadOnlySpan<char>) : bool =
        deviceId.Length = BoundLayout.idText
        && text
            .Slice(BoundLayout.idAt, BoundLayout.idText - 1)
            .SequenceEqual(deviceId.AsSpan(0, BoundLayout.idText - 1))

    /// Whether the last two bits of the id are this device's, too: the last of its characters stands for them and four zeros.
    let isOf (deviceId: string) (cookie: Span<byte>) : bool =
        let last = int (cookie[BoundLayout.ends - 1] &&& 3uy)
        BoundLayout.lastOfId[last] = deviceId[BoundLayout.idText - 1]

    /// Whether one of our secrets made the tag.
    let verify (words: TokenWords) : bool =
        let mutable words = words
        let slot = pool.Rent()
        let buffer = slot.Item
        (TokenWords.Bytes &words).Slice(0, BoundLayout.length).CopyTo buffer.Bytes
        let isGenuine = buffer.Signer BoundLayout.tag >= 0
        pool.Return slot

        if isGenuine then
            memo.Add(GenuineToken(words, StoreKey()))

        isGenuine

    /// The cookie's value for the device of this id. Raises ArgumentException for a text that is no id.
    member _.Make(deviceId: string, endsAt: DateTimeOffset) : string =
        match DeviceId.tryBytes deviceId with
        | ValueNone -> raise (ArgumentException("It is no id of a device.", nameof deviceId))
        | ValueSome id ->
            let slot = pool.Rent()
            let buffer = slot.Item
            let cookie = buffer.Bytes
            cookie[0] <- BoundLayout.version
            buffer.WriteKeyId()
            id.CopyTo(cookie.Slice BoundLayout.id)
            writeEnd cookie endsAt
            buffer.Sign(0, BoundLayout.tag)
            let text = Base64Url.EncodeToString(Span.op_Implicit cookie)
            pool.Return slot
            text

    /// Whether the cookie's value is that of this device, made by one of our secrets for this session name, and ends after this
    /// time. Compares in constant time (promise 6). Allocates only for a cookie that it did not know, and never raises.
    member _.Shows(text: ReadOnlySpan<char>, deviceId: string, after: DateTimeOffset) : bool =
        if
            text.Length <> BoundLayout.textLength
            || not (mayBeOf deviceId text)
            || not (Base64UrlText.isOfAlphabet text)
        then
            false
        else
            let mutable words = TokenWords()
            let cookie = (TokenWords.Bytes &words).Slice(0, BoundLayout.length)
            let mutable read = 0
            let mutable written = 0
            let status = Base64Url.DecodeFromChars(text, cookie, &read, &written)

            status = OperationStatus.Done
            && written = BoundLayout.length
            && cookie[0] = BoundLayout.version
            && isOf deviceId cookie
            && endOf cookie > after.ToUnixTimeMilliseconds()
            && (not (isNull (memo.TryFind &words)) || verify words)
