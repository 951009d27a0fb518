namespace Runa.Session

open System
open System.Globalization
open StackExchange.Redis

/// A place where a listing goes on, as OwnedPage.Next holds it.
module internal RedisPlace =
    let refused () : exn =
        ArgumentException(
            "This is not the Next of a page. Pass OwnedPage.Next of the previous page, or none for the first page.",
            "from"
        )

    // No store key begins with it.
    let private odd = "~"

    /// A member of the index in a place. A foreign hand may have written one that is no store key.
    let ofMember (text: string) : string =
        match StoreKey.ofText text with
        | Some _ -> text
        | None -> odd + text

    /// Reads what ofMember returns. Raises ArgumentException for any other text.
    let toMember (text: string) : string =
        match StoreKey.ofText text with
        | Some _ -> text
        | None when text.StartsWith(odd, StringComparison.Ordinal) -> text.Substring odd.Length
        | None -> raise (refused ())

/// A place in a sorted set: after this member with this score. A rank would shift when other members are added and
/// removed.
[<Struct>]
type internal OwnerPlace =
    { Score: float
      Member: string }

    static member First = { Score = Double.NegativeInfinity; Member = "" }

    member place.IsBefore(other: OwnerPlace) =
        place.Score < other.Score
        || (place.Score = other.Score && String.CompareOrdinal(place.Member, other.Member) < 0)

    member place.Text =
        place.Score.ToString("R", CultureInfo.InvariantCulture) + ":" + RedisPlace.ofMember place.Member

    /// Reads the Next of a page. Raises ArgumentException for any other text.
    static member Parse(text: string) : OwnerPlace =
        let colon = text.IndexOf ':'

        let digits =
            NumberStyles.Float &&& ~~~(NumberStyles.AllowLeadingWhite ||| NumberStyles.AllowTrailingWhite)

        match Double.TryParse(text.AsSpan(0, max 0 colon), digits, CultureInfo.InvariantCulture) with
        | true, score when not (Double.IsNaN score) ->
            { Score = score; Member = RedisPlace.toMember (text.Substring(colon + 1)) }
        | _ -> raise (RedisPlace.refused ())

/// A place in a search through all records: the current server, the cursor of its SCAN, and what was found but not
/// returned yet.
[<NoComparison; NoEquality>]
type internal ScanPlace =
    {
        /// The end point of the server. Empty: the search has not begun.
        Server: string
        Cursor: string
        Found: StoreKey list
    }

    static member First = { Server = ""; Cursor = "0"; Found = [] }

    static member IsOne(text: string) = text.StartsWith("scan|", StringComparison.Ordinal)

    member place.Text =
        let found = place.Found |> List.map StoreKey.toText |> String.concat ","
        $"scan|{place.Server}|{place.Cursor}|{found}"

    /// Reads the Next of a page. Raises ArgumentException for any other text.
    static member Parse(text: string) : ScanPlace =
        let keys (found: string) =
            [ for key in found.Split(',', StringSplitOptions.RemoveEmptyEntries) do
                  match StoreKey.ofText key with
                  | Some key -> key
                  | None -> raise (RedisPlace.refused ()) ]

        let isCursor (text: string) =
            text = "end" || fst (UInt64.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture))

        match text.Split '|' with
        | [| "scan"; server; cursor; found |] when isCursor cursor ->
            { Server = server; Cursor = cursor; Found = keys found }
        | _ -> raise (RedisPlace.refused ())

/// Makes pages of what was found for an owner.
module internal RedisPages =
    /// A page of what was found. `isListed`: the owner's index lists these records, so an unreadable one counts as the
    /// owner's unless its head says otherwise.
    let page scope owner (isListed: bool) (found: struct (StoreKey * RedisFound)[]) (next: string option) : OwnedPage =
        let isTheirs (whose: RedisWhose voption) =
            match whose with
            | ValueSome whose -> whose.Scope = scope && whose.Owner = owner
            | ValueNone -> isListed

        { OwnedPage.Items =
            [ for struct (key, found) in found do
                  match found with
                  | RedisFound.Record record when record.Scope = scope && record.State.Owner = Some owner ->
                      ({ Key = key; Record = record }: OwnedRecord)
                  | _ -> () ]
          OwnedPage.Unreadable =
            [ for struct (key, found) in found do
                  match found with
                  | RedisFound.Unreadable(whose, _) when isTheirs whose -> key
                  | _ -> () ]
          OwnedPage.Next = next }
