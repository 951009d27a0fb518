namespace Runa.Session

/// The scopes of a request, in the order in which they were asked for. Most requests have one.
[<Struct; NoComparison; NoEquality>]
type internal ScopeList =
    val mutable First: SessionScope | null
    // The latest first.
    val mutable More: SessionScope list

    member scopes.IsEmpty = isNull scopes.First

    member scopes.Add(scope: SessionScope) =
        if isNull scopes.First then
            scopes.First <- scope
            scopes.More <- []
        else
            scopes.More <- scope :: scopes.More

    member scopes.TryFind(name: string) : SessionScope | null =
        match scopes.First with
        | null -> null
        | first when first.Name = name -> first
        | _ -> scopes.More |> List.tryFind (fun scope -> scope.Name = name) |> Option.toObj

    member inline scopes.Exists([<InlineIfLambda>] holds: SessionScope -> bool) : bool =
        match scopes.First with
        | null -> false
        | first -> holds first || (not scopes.More.IsEmpty && scopes.More |> List.exists (fun scope -> holds scope))

    /// The scope, if there is exactly one.
    member scopes.Single: SessionScope | null =
        match scopes.First with
        | null -> null
        | first -> if scopes.More.IsEmpty then first else null

    member scopes.All: SessionScope list =
        match scopes.First with
        | null -> []
        | first -> first :: List.rev scopes.More
