namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks

/// Signs in an owner whose number of sessions is limited, and tries again where processes get in each other's way.
module internal LimitedSignIn =
    let private overtaken (definition: SessionDefinition) : exn =
        definition.Events.ConflictGivenUp()

        SessionConflictException
            $"The session \"{definition.Name}\" was not signed in: other sign-ins of its owner came later again and again, and their number is limited (max_sessions)."

    /// The state of a sign-in that counts as later than all sign-ins before it in this process, and than `after`.
    let private stamped (definition: SessionDefinition) (after: DateTimeOffset) (state: SessionState) : SessionState =
        match state.SignedInAt with
        | Some at -> { state with SignedInAt = Some(definition.SignIns.Stamp(max at (after.AddTicks 1L))) }
        | None -> state

    /// Several processes that sign in at once may refuse each other, although there is room for some. Or a process whose clock
    /// is ahead signed in just before. Then each tries again. `after`: the time of the latest sign-in that was seen.
    let rec private attempt
        (definition: SessionDefinition)
        (owner: string)
        (replaced: Place)
        (state: SessionState)
        (create: SessionState -> Task<Outcome>)
        (after: DateTimeOffset)
        (left: int)
        : Task<Outcome> =
        let again after = attempt definition owner replaced state create after (left - 1)

        task {
            try
                return! create (stamped definition after state)
            with
            | :? SignInOvertakenException as e when left > 0 -> return! again e.Latest
            | :? SignInOvertakenException -> return raise (overtaken definition)
            | :? SessionLimitException as e ->
                let! hasRoom =
                    if left > 0 then
                        OwnerLimit.hasRoom definition owner replaced
                    else
                        Task.FromResult false

                if not hasRoom then
                    definition.Events.SignInRefused owner
                    ExceptionDispatchInfo.Throw e

                do! Task.Delay(Random.Shared.Next(1, 40))
                return! again after
        }

    /// Creates the session in the owner's turn. `replaced`: the place of the session that it replaces.
    let run definition owner replaced state create : Task<Outcome> =
        OwnerLimit.inTurn definition owner (fun () ->
            attempt definition owner replaced state create DateTimeOffset.MinValue 8)
