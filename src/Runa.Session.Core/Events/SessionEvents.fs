namespace Runa.Session

open System

/// Tells what happens to the sessions of one name. If nobody listens, no call here makes anything.
[<Sealed>]
type internal SessionEvents(queue: EventQueues | null, clock: TimeProvider, session: string, driver: string) =
    let forged, undecodable, unreadable = EventThrottle(), EventThrottle(), EventThrottle()

    let add (kind: SessionEventKind) (owner: string option) (handle: string option) (count: int) : unit =
        match queue with
        | null -> ()
        | queue ->
            queue.Add(
                SessionEvent(kind, clock.GetUtcNow(), session, driver, Option.toObj owner, Option.toObj handle, count)
            )

    let one kind owner handle = add kind owner handle 1

    let many kind owner count =
        if count > 0 then
            add kind owner None count

    let throttled (throttle: EventThrottle) kind number =
        if not (isNull queue) then
            many kind None (throttle.Add(number, Environment.TickCount64))

    /// Tells what is held back.
    member _.TellRest() : unit =
        many SessionEventKind.ForgedToken None (forged.Rest())
        many SessionEventKind.Undecodable None (undecodable.Rest())
        many SessionEventKind.Unreadable None (unreadable.Rest())

    /// Whether anybody listens.
    member _.IsOn = not (isNull queue)

    member _.Created(owner, handle) = one SessionEventKind.Created owner handle
    member _.SignedIn(owner: string, handle) = one SessionEventKind.SignedIn (Some owner) handle

    /// The session ended by its own request.
    member _.Ended(owner: string option, handle) =
        let kind = if owner.IsSome then SessionEventKind.SignedOut else SessionEventKind.Ended
        one kind owner handle

    member _.Regenerated(owner, handle) = one SessionEventKind.Regenerated owner handle
    member _.RevokedOne(owner: string, handle: string) = one SessionEventKind.RevokedOne (Some owner) (Some handle)
    member _.RevokedOthers(owner: string, count) = many SessionEventKind.RevokedOthers (Some owner) count
    member _.RevokedOwner(owner: string, count) = many SessionEventKind.RevokedOwner (Some owner) count
    member _.RevokedAll count = many SessionEventKind.RevokedAll None count
    member _.EndedByLimit(owner: string, handle: string) = one SessionEventKind.EndedByLimit (Some owner) (Some handle)
    member _.SignInRefused(owner: string) = one SessionEventKind.SignInRefused (Some owner) None
    member _.ConflictGivenUp() = one SessionEventKind.ConflictGivenUp None None

    member _.TheftSuspected(owner: string option, handle: string) =
        one SessionEventKind.TheftSuspected owner (Some handle)

    member _.ForgedToken() = throttled forged SessionEventKind.ForgedToken 1
    member _.Undecodable() = throttled undecodable SessionEventKind.Undecodable 1
    member _.Unreadable(number: int) = throttled unreadable SessionEventKind.Unreadable number

/// Tells what happens to the sessions of one driver.
[<Sealed>]
type internal DriverEvents(queue: EventQueues | null, clock: TimeProvider, driver: string) =
    let many kind count =
        match queue with
        | NonNull queue when count > 0 ->
            queue.Add(SessionEvent(kind, clock.GetUtcNow(), null, driver, null, null, count))
        | _ -> ()

    member _.Expired(count: int) = many SessionEventKind.Expired count
    member _.Evicted(count: int) = many SessionEventKind.Evicted count
