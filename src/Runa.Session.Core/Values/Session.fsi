namespace Runa.Session

open System

/// Reads sessions, and makes new sessions from them.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Session =
    /// A new, empty session of this name, created at the Unix epoch with a lifetime of two hours. It is for unit tests
    /// of steps; a step in a request must use the session it is given.
    val empty: name: string -> Session

    /// The name under which the session is registered, such as "web".
    val name: session: Session -> string

    /// Whether the session was new, active or expired when this request loaded it.
    val status: session: Session -> SessionStatus

    /// When the session was created. A sign-in sets it anew.
    val createdAt: session: Session -> DateTimeOffset

    /// When the owner signed in.
    val signedInAt: session: Session -> DateTimeOffset option

    /// When the last request was seen, as far as it is stored: reads store it rarely, and only if there is an idle
    /// timeout.
    val lastSeenAt: session: Session -> DateTimeOffset

    /// The absolute end, which no request moves.
    val expiresAt: session: Session -> DateTimeOffset

    /// The names of the keys that have a value, in ordinal order.
    val keys: session: Session -> string list

    /// Whether the session has no values, no flashes and no owner.
    val isEmpty: session: Session -> bool

    /// Whether the session holds a value under the key, even one that cannot be decoded.
    val has: key: SessionKey<'T> -> session: Session -> bool

    /// The value; None if it is missing or cannot be decoded. The latter is logged and counted; `decode` tells the two
    /// apart.
    val tryGet: key: SessionKey<'T> -> session: Session -> 'T option

    /// The value, or `otherwise` if it is missing or cannot be decoded: `Session.getOr visits 0 session`.
    val getOr: key: SessionKey<'T> -> otherwise: 'T -> session: Session -> 'T

    /// Like tryGet, but tells a missing value (Ok None) from one that cannot be decoded (Error).
    val decode: key: SessionKey<'T> -> session: Session -> Result<'T option, DecodeError>

    /// Sets the value. It is encoded at once, so a later change to a mutable object has no effect. Raises
    /// NotSupportedException for a type, and ArgumentException for a value, that the key's codec cannot store.
    val set: key: SessionKey<'T> -> value: 'T -> session: Session -> Session

    /// Sets what the function returns for the value, or for the seed if there is none:
    /// `session |> Session.update cart [] (addOne sku)`.
    val update: key: SessionKey<'T> -> seed: 'T -> change: ('T -> 'T) -> session: Session -> Session

    /// Like update, but also returns the new value, and counts exactly in a handler that runs once: if its session is
    /// merged, the function runs again on the value that another request stored, so no update is lost. It must be pure.
    /// If the value it starts from was set by this request, the result wins as it is. A later `set` or `remove` of the
    /// key drops the function.
    val updateAgain: key: SessionKey<'T> -> seed: 'T -> change: ('T -> 'T) -> session: Session -> struct ('T * Session)

    /// Removes the value, if there is one.
    val remove: key: SessionKey<'T> -> session: Session -> Session

    /// Removes all values and flashes; id, owner and claims stay.
    val clear: session: Session -> Session

    /// All values as one JSON object.
    val toJson: session: Session -> string

    /// Queues a value for the next request that takes it, usually the page after a redirect.
    val flash: key: SessionKey<'T> -> value: 'T -> session: Session -> Session

    /// Whether values are queued, under any key.
    val hasFlashes: session: Session -> bool

    /// The values queued under the key, oldest first, and the session without them. Values that cannot be decoded stay
    /// queued.
    val takeFlashes: key: SessionKey<'T> -> session: Session -> 'T list * Session

    /// Gives the session a new id at the commit; all values stay. Use it when the session's rights change.
    val regenerate: session: Session -> Session

    /// Ends the session: the commit deletes it from the store and expires the browser's cookie. What is set afterwards
    /// goes into a new session.
    val destroy: session: Session -> Session

    /// Sets the absolute lifetime, counted from the sign-in or the creation and capped by the setting MaxTtl. Raises
    /// ArgumentOutOfRangeException if it is not positive.
    val withLifetime: lifetime: TimeSpan -> session: Session -> Session

    /// Sets the absolute end, which is the setting MaxTtl after the sign-in or the creation at the latest. Raises
    /// ArgumentException for a time in the past.
    val withExpiresAt: expiresAt: DateTimeOffset -> session: Session -> Session

    /// What a list of devices shows for this session.
    val label: session: Session -> string option

    /// Sets what a list of devices shows for this session; it counts towards MaxBytes. Raises ArgumentException for
    /// null or invalid Unicode.
    val withLabel: label: string -> session: Session -> Session

    /// The client that was set for this session, such as the browser that signed in.
    val client: session: Session -> SessionClient option

    /// Sets the client's address and agent, which lists of devices show; they count towards MaxBytes. They are personal
    /// data: nothing sets them but this function, and they are deleted with the session. An empty text counts as None. If
    /// neither is given, what was set is removed. An agent of more than 512 characters is cut. Raises ArgumentException
    /// for an address of more than 64 characters, and for invalid Unicode.
    val withClient: address: string option -> agent: string option -> session: Session -> Session

    /// The user who signed in.
    val owner: session: Session -> string option

    /// What is known about the owner. Claims are not among the values, and only a sign-in replaces them.
    val claims: session: Session -> Map<string, string list>

    /// Signs the owner in: the session gets a new id, and its creation and absolute end start again. If it belonged to
    /// another owner, it is emptied first. Raises ArgumentException for an owner that is empty or not valid Unicode.
    val signIn: owner: string -> session: Session -> Session

    /// Like signIn, with claims. Raises ArgumentException also for a claim that is not valid Unicode.
    val signInWith: owner: string -> claims: Map<string, string list> -> session: Session -> Session

    /// When the owner last showed who they are: at the sign-in, or at the last reauthenticate. The same as signedInAt.
    val authenticatedAt: session: Session -> DateTimeOffset option

    /// Whether somebody is signed in, and showed who they are at most so long before this request.
    val isFresh: maxAge: TimeSpan -> session: Session -> bool

    /// Whether the session is bound to its device (setting DeviceBound), so that a copy of its cookies is worthless.
    val device: session: Session -> SessionDevice

    /// Call it when the owner has shown again who they are, for example by their password. The session gets a new id, and
    /// its creation and absolute end start again, with the lifetime that it has; owner, claims, label, client and values stay (ASVS
    /// 5.0 7.2.4, NIST SP 800-63B-4 5.2). Raises InvalidOperationException if nobody is signed in.
    val reauthenticate: session: Session -> Session

    /// The same as destroy.
    val signOut: session: Session -> Session
