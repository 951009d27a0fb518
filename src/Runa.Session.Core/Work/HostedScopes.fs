namespace Runa.Session.Hosting

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Runa.Session

/// What a host does with the scopes of its request, beyond what applications do.
[<RequireQualifiedAccess>]
module HostedScopes =
    /// The host of a scope.
    let host (scope: SessionScope) : IScopeHost = scope.Host

    /// Whether the response sets or expires the session's cookie.
    let setsCookie (scope: SessionScope) : bool =
        match scope.Work.Cookie with
        | CookieChange.None -> false
        | CookieChange.Set _
        | CookieChange.Expire _ -> true

    /// Whether the response sets the session's cookie, under a policy that forbids caching then.
    let forbidsCaching (scope: SessionScope) : bool =
        match scope.Policy with
        | null -> false
        | policy -> policy.ForbidsCaching && scope.Work.Cookie.IsSet

    /// Whether the browser shows a bound cookie, and its session has no device now: the request signed the owner out, and
    /// stored something for the visitor.
    let private leavesDevice (bound: SetCookie) (scope: SessionScope) : bool =
        match scope.Work.Snapshot with
        | null -> false
        | snapshot ->
            let mutable walk = CookieWalk(scope.Host.Cookies, bound.Name)
            snapshot.State.Device.IsNone && walk.Next()

    /// The cookies that the response sends for a request to this host and path, in this order: a client that keeps only
    /// one cookie of a name keeps the last, which is the session's own. Those before it expire the session's cookies at
    /// other paths and domains (promise 21), or the cookie of its device.
    let cookies (host: string) (pathBase: string) (path: string) (scope: SessionScope) : SessionCookie list =
        let definition = scope.Work.Definition

        match scope.Work.Cookie with
        | CookieChange.None -> []
        | change ->
            let own =
                { Cookie = definition.Cookie; Lines = CookiePieces.lines definition.Cookie definition.Now change }

            let bound =
                match definition.Devices with
                | ValueSome devices when change.IsExpire || leavesDevice devices.Cookie scope ->
                    let expired = CookiePieces.lines devices.Cookie definition.Now (CookieChange.Expire 0)
                    [ { Cookie = devices.Cookie; Lines = expired } ]
                | _ -> []

            match OtherPlaces.find scope.Work.Home scope.Host.Cookies host pathBase path @ bound with
            | [] -> [ own ]
            | others -> others @ [ own ]

    /// What the browser is to delete, as the header Clear-Site-Data names it, without quotes: the setting ClearSiteData, if the request ended the session, and nobody is
    /// signed in now, since browsers would delete the new cookie, too.
    let clearsSiteData (scope: SessionScope) : string list =
        let work = scope.Work

        if work.HasEnded && (isNull work.Snapshot || work.Snapshot.State.Owner.IsNone) then
            scope.Work.Definition.Settings.ClearSiteData |> List.map string
        else
            []

    /// Commits before the first byte. No caller asked for it, so the scope's policy may forgive an exception; then the
    /// change is dropped.
    let commitUnasked (scope: SessionScope) : Task<bool> =
        let forgives =
            match scope.Policy with
            | null -> null
            | policy -> policy.Forgives

        match forgives with
        | null -> scope.Commit()
        | forgives ->
            task {
                try
                    return! scope.Commit()
                with e ->
                    if not (forgives.Invoke e) then
                        ExceptionDispatchInfo.Throw e

                    scope.Discard()
                    return false
            }

    /// Raises InvalidOperationException if a run-once step sets the session that it was given, instead of handing it
    /// back.
    let checkNotOfStepOnce (session: Session) (scope: SessionScope) : unit =
        if scope.Work.IsOfStepOnce session then
            raise (Misuse.setInStep scope.Name)

    /// In Development, warns once if the response sets a Secure cookie over plain http, which browsers drop except for
    /// hosts that they trust.
    let warnInsecure (host: string) (scope: SessionScope) : unit =
        let definition = scope.Work.Definition

        match scope.Work.Cookie with
        | CookieChange.Set _ when
            definition.IsDevelopment && definition.Cookie.IsSecure false && definition.Hints.TryGive "insecure"
            ->
            Log.secureOverHttp definition.Log definition.Name host
        | _ -> ()

    /// In Development, warns once if the response offers a binding over plain http, which browsers then ignore.
    let warnUnbindable (scope: SessionScope) : unit =
        let definition = scope.Work.Definition

        if definition.IsDevelopment && definition.Hints.TryGive "binding over http" then
            TheftLog.overHttp definition.Log definition.Name

    /// Warns that the session was saved, and then the handler after it declined the request for this path.
    let warnDeclined (path: string) (scope: SessionScope) : unit =
        Log.declined scope.Work.Definition.Log scope.Name path

    let private userMissing = "user missing"

    /// Whether warnUserMissing has warned.
    let hasWarnedUserMissing (scope: SessionScope) : bool = scope.Work.Definition.Hints.WasGiven userMissing

    /// Warns, once in the life of the process, that this authentication scheme challenged a visitor although the session
    /// has an owner.
    let warnUserMissing (scheme: string) (scope: SessionScope) : unit =
        let definition = scope.Work.Definition

        if definition.Hints.TryGive userMissing then
            Log.userMissing definition.Log scheme definition.Name
