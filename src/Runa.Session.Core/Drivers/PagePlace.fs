namespace Runa.Session

open System

/// The Next of a page, for drivers that list an owner's records in the order of their keys: the last key of the page.
module internal PagePlace =
    // No store key begins with it.
    let private odd = "~"

    let private refused () : exn =
        ArgumentException(
            "This is not the Next of a page. Pass OwnedPage.Next of the previous page, or none for the first page.",
            "from"
        )

    /// The place after a key as it is stored, which a foreign hand may have written.
    let after (key: string) : string =
        match StoreKey.ofText key with
        | Some _ -> key
        | None -> odd + key

    /// The store key after which a page begins. Raises ArgumentException for any text but that of a store key.
    let key (place: string) : StoreKey =
        match StoreKey.ofText place with
        | Some key -> key
        | None -> raise (refused ())

    /// The key, as it is stored, after which a page begins. Raises ArgumentException for a text that `after` does not
    /// return. PostgreSQL takes no NUL.
    let text (place: string) : string =
        if place.StartsWith(odd, StringComparison.Ordinal) && not (place.Contains '\000') then
            place.Substring odd.Length
        else
            StoreKey.toText (key place)
