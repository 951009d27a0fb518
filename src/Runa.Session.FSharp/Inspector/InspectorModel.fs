namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Runa

/// The sessions of an owner that somebody asked for.
type internal InspectedOwner =
    {
        Session: string
        Owner: string
        /// Error: why they cannot be listed.
        Sessions: Result<OwnedSession list, string>
        /// Where the list goes on. None: these are the last.
        Next: string option
    }

/// What the inspector shows. It contains no id, no token and no value.
type internal Inspected =
    {
        At: DateTimeOffset
        Sessions: SessionInfo list
        Drivers: SessionDriverHealth list
        Rates: Rates
        /// What the stores of this process hold.
        Held: Map<string, int64>
        /// Why some of them do not say what they hold.
        HeldFailures: string list
        Events: SessionEvent list
        Asked: InspectedOwner option
        /// What was just done.
        Notice: string
    }

module internal InspectorModel =
    let private limit = TimeSpan.FromSeconds 2.

    /// After so many sessions of an owner, or so many pages, somebody must ask for more.
    let private enough, mostPages = 200, 10

    let gather
        (registry: SessionRegistry)
        (rates: InspectorRates)
        (events: InspectorEvents)
        (clock: TimeProvider)
        (asked: InspectedOwner option)
        (notice: string)
        (token: CancellationToken)
        : Task<Inspected> =
        task {
            let! drivers = SessionRegistry.ping limit token registry
            let counted, held, failures = rates.Now()

            return
                { At = clock.GetUtcNow()
                  Sessions = SessionRegistry.info registry
                  Drivers = drivers
                  Rates = counted
                  Held = held
                  HeldFailures = failures
                  Events = events.Latest
                  Asked = asked
                  Notice = notice }
        }

    /// The sessions from there on, and where more begin. Pages may hold nothing but records that have ended.
    let private listed (registry: SessionRegistry) name owner from token : Task<OwnedSession list * string option> =
        let rec pages from (found: OwnedSession list) left =
            task {
                let! page = SessionRegistry.forOwnerPage name owner from token registry
                let found = found @ page.Items

                if page.Next.IsNone || found.Length >= enough || left = 1 then
                    return found, page.Next
                else
                    return! pages page.Next found (left - 1)
            }

        pages from [] mostPages

    /// The newest sign-in first. `from`: where the list begins; None: at the start.
    let ask
        (registry: SessionRegistry)
        (name: string)
        (owner: string)
        (from: string option)
        (token: CancellationToken)
        : Task<InspectedOwner> =
        let answer sessions next = { Session = name; Owner = owner; Sessions = sessions; Next = next }

        task {
            try
                let! found, next = listed registry name owner from token
                return answer (Ok(found |> List.sortByDescending _.CreatedAt)) next
            with
            | :? NotSupportedException as e -> return answer (Error e.Message) None
            | :? SessionStoreException as e -> return answer (Error e.Message) None
            | :? InvalidOperationException as e -> return answer (Error e.Message) None
            | :? ArgumentException as e when from.IsSome -> return answer (Error e.Message) None
        }
