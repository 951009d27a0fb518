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
        /// Whether there are more than are shown.
        HasMore: bool
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
        Events: SessionEvent list
        Asked: InspectedOwner option
        /// What was just done.
        Notice: string
    }

module internal InspectorModel =
    let private limit = TimeSpan.FromSeconds 2.

    /// The most sessions of an owner that are shown.
    let private most = 200

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
            let counted, held = rates.Now()

            return
                { At = clock.GetUtcNow()
                  Sessions = SessionRegistry.info registry
                  Drivers = drivers
                  Rates = counted
                  Held = held
                  Events = events.Latest
                  Asked = asked
                  Notice = notice }
        }

    let private listed (registry: SessionRegistry) name owner token : Task<OwnedSession list * bool> =
        let rec pages from (found: OwnedSession list) =
            task {
                let! page = SessionRegistry.forOwnerPage name owner from token registry
                let found = found @ page.Items

                match page.Next with
                | None -> return List.truncate most found, found.Length > most
                | _ when found.Length >= most -> return List.truncate most found, true
                | next -> return! pages next found
            }

        pages None []

    /// The newest sign-in first.
    let ask
        (registry: SessionRegistry)
        (name: string)
        (owner: string)
        (token: CancellationToken)
        : Task<InspectedOwner> =
        let answer sessions hasMore = { Session = name; Owner = owner; Sessions = sessions; HasMore = hasMore }

        task {
            try
                let! found, hasMore = listed registry name owner token
                return answer (Ok(found |> List.sortByDescending _.CreatedAt)) hasMore
            with
            | :? NotSupportedException as e -> return answer (Error e.Message) false
            | :? SessionStoreException as e -> return answer (Error e.Message) false
            | :? InvalidOperationException as e -> return answer (Error e.Message) false
        }
