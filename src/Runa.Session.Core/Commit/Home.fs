namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// Where sessions of one definition live: in a store, or in their cookies. Nothing above a home asks which it is.
[<NoComparison; NoEquality>]
type internal Home =
    {
        Definition: SessionDefinition
        /// Finds the session that the raw Cookie header leads to. Without a genuine token the store is not asked.
        Load: StringValues -> ValueTask<Snapshot>
        /// Carries a plan out that was made from the snapshot.
        Execute: Snapshot -> Plan -> Task<Outcome>
        /// Whether carrying the plan out needs a response that can still set a cookie.
        NeedsCookie: Plan -> bool
        /// Under which handle an owner's sessions list this one, if they do.
        Handle: Snapshot -> string option
        /// The number of the last piece of the session's cookie that the browser holds; 0: none.
        Held: StringValues -> int
        /// Whether the value is genuinely ours, of the cookie at this place among those of its name.
        IsOurs: StringValues -> int -> ReadOnlyMemory<char> -> bool
    }
