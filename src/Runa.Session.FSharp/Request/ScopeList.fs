namespace Runa.Session

/// The scopes of a request, in the order in which they were asked for. Most requests have one, which costs no list.
[<Struct; NoComparison; NoEquality>]
type internal ScopeList =
    /// A SessionScope, or a list of several, the latest first. Null: there is none.
    val mutable private found: objnull

    member scopes.Add(scope: SessionScope) =
        scopes.found <-
            match scopes.found with
            | null -> box scope
            | :? SessionScope as first -> box [ scope; first ]
            | found -> box (scope :: (found :?> SessionScope list))

    member private scopes.List: SessionScope list =
        match scopes.found with
        | :? (SessionScope list) as several -> several
        | _ -> []

    member scopes.TryFind(name: string) : SessionScope | null =
        match scopes.found with
        | null -> null
        | :? SessionScope as only -> if only.Name = name then only else null
        | _ -> scopes.List |> List.tryFind (fun scope -> scope.Name = name) |> Option.toObj

    member inline scopes.Exists([<InlineIfLambda>] holds: SessionScope -> bool) : bool =
        match scopes.Only with
        | null ->
            let mutable isFound = false

            for scope in scopes.All do
                isFound <- isFound || holds scope

            isFound
        | only -> holds only

    /// Calls the action for each, in this order. Makes no list for a single one.
    member inline scopes.Each([<InlineIfLambda>] act: SessionScope -> unit) : unit =
        match scopes.Only with
        | null ->
            for scope in scopes.All do
                act scope
        | only -> act only

    /// The scope, if there is exactly one.
    member scopes.Only: SessionScope | null =
        match scopes.found with
        | :? SessionScope as only -> only
        | _ -> null

    member scopes.All: SessionScope list =
        match scopes.found with
        | :? SessionScope as only -> [ only ]
        | _ -> List.rev scopes.List
