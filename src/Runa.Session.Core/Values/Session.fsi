namespace Runa.Session

open System

/// What can be read from a session, and the new sessions that can be made from it.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Session =
    /// A new session of this name with nothing in it, created at the Unix epoch with a lifetime of two hours: for unit
    /// tests of steps. A step in a request must use the session it is given instead.
    val empty: name: string -> Session

    /// The name it is registered under: "web".
    val name: session: Session -> string

    /// Where it stood when this request loaded it.
    val status: session: Session -> SessionStatus

    /// When it was created; a sign-in starts it again.
    val createdAt: session: Session -> DateTimeOffset

    /// When its owner signed in.
    val signedInAt: session: Session -> DateTimeOffset option

    /// When its last request was seen, as precisely as it is stored (a read stores it rarely, and only where there is an
    /// idle timeout).
    val lastSeenAt: session: Session -> DateTimeOffset

    /// The absolute end, which no activity moves.
    val expiresAt: session: Session -> DateTimeOffset

    /// The names of the keys that have a value, in ordinal order.
    val keys: session: Session -> string list

    /// No values, no flashes, no owner.
    val isEmpty: session: Session -> bool

    /// Whether something is stored under the key, decodable or not.
    val has: key: SessionKey<'T> -> session: Session -> bool

    /// The value; None when it is missing or cannot be decoded (which is logged and counted; see `decode`).
    val tryGet: key: SessionKey<'T> -> session: Session -> 'T option

    /// The value, or another where it is missing or cannot be decoded: `Session.getOr visits 0 session`.
    val getOr: key: SessionKey<'T> -> otherwise: 'T -> session: Session -> 'T

    /// As tryGet, without an allocation.
    val internal find: key: SessionKey<'T> -> session: Session -> 'T voption

    /// As tryGet, telling a missing value (Ok None) from one that cannot be decoded (Error).
    val decode: key: SessionKey<'T> -> session: Session -> Result<'T option, DecodeError>

    /// The value is encoded here and now: a later change inside a mutable object changes nothing. Raises
    /// NotSupportedException for a type and ArgumentException for a value that the key's codec cannot store.
    val set: key: SessionKey<'T> -> value: 'T -> session: Session -> Session

    /// Sets what the function makes of the value, or of the seed: `session |> Session.update cart [] (addOne sku)`.
    val update: key: SessionKey<'T> -> seed: 'T -> change: ('T -> 'T) -> session: Session -> Session

    /// As update, and answers the new value; where the session is merged, the function runs again on the value that stands
    /// there, so that no update is lost. Not so where the value it starts from is this request's own, which wins whole; a
    /// later `set` or `remove` of the key forgets it.
    val internal updateAgain:
        key: SessionKey<'T> -> seed: 'T -> change: ('T -> 'T) -> session: Session -> struct ('T * Session)

    /// Removes the value; nothing changes where there is none.
    val remove: key: SessionKey<'T> -> session: Session -> Session

    /// Removes all values and flashes; identity, owner and claims stay.
    val clear: session: Session -> Session

    /// All values as one JSON object.
    val toJson: session: Session -> string

    /// Queues a value for whoever takes it next, usually the page after a redirect.
    val flash: key: SessionKey<'T> -> value: 'T -> session: Session -> Session

    /// The values queued under the key, oldest first, and the session without them. Those that cannot be decoded stay.
    val takeFlashes: key: SessionKey<'T> -> session: Session -> 'T list * Session

    /// A new id at the commit, with all values: use it when what the session may do changes.
    val regenerate: session: Session -> Session

    /// Ends it: at the commit it is deleted from the store and the browser's cookie expires. What is set afterwards goes
    /// into a new session.
    val destroy: session: Session -> Session

    /// Its absolute lifetime, counted from the sign-in or creation and capped by the setting MaxTtl. Raises
    /// ArgumentOutOfRangeException when it is not positive.
    val withLifetime: lifetime: TimeSpan -> session: Session -> Session

    /// What a list of devices shows.
    val label: session: Session -> string option

    /// Sets what a list of devices shows; it counts towards MaxBytes. Raises ArgumentException for null or invalid Unicode.
    val withLabel: label: string -> session: Session -> Session

    /// Who signed in.
    val owner: session: Session -> string option

    /// What is kept beside the owner, not among the values; replaced by sign-in only.
    val claims: session: Session -> Map<string, string list>

    /// Makes it the owner's, under a new id; creation and absolute end start again. Over another owner's session it
    /// starts from empty. Raises ArgumentException for an owner that is empty or not valid
    /// Unicode.
    val signIn: owner: string -> session: Session -> Session

    /// As signIn, with claims.
    val signInWith: owner: string -> claims: Map<string, string list> -> session: Session -> Session

    /// As destroy.
    val signOut: session: Session -> Session
