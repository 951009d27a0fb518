namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// Loads and writes the sessions of one definition, in a store or in their cookies. The engine and the scopes never ask
/// which it is.
[<NoComparison; NoEquality>]
type internal Home =
    {
        Definition: SessionDefinition
        /// Loads the session of the raw Cookie header. Without a genuine token, the store is not asked.
        Load: StringValues -> ValueTask<Snapshot>
        /// Judges by which token and from which device a request came, and writes a rotation or binding that is due.
        /// ValueNone: the session neither rotates its token nor is bound to devices.
        Arrive: (Arrival -> Snapshot -> ValueTask<Arrived>) voption
        /// Executes a plan that was made from the snapshot.
        Execute: Snapshot -> Plan -> ValueTask<Outcome>
        /// Whether the plan needs a response that can still set a cookie.
        NeedsCookie: Plan -> bool
        /// The handle of this session in the owner's list, if the list can contain it.
        Handle: Snapshot -> string option
        /// The number of the last piece of the session's cookie that the browser holds; 0: none.
        Held: StringValues -> int
        /// Whether this application made the value of the cookie at this position among those of its name.
        IsOurs: StringValues -> int -> ReadOnlyMemory<char> -> bool
    }
