namespace Runa.Session

/// The scopes of a request, in the order in which they were asked for. Most requests have one.
[<Struct; NoComparison; NoEquality>]
type internal ScopeList =
    val mutable private first: SessionScope | null
    // The latest first.
    val mutable private more: SessionScope list

    member scopes.Add(scope: SessionScope) =
        if isNull scopes.first then
            scopes.first <- scope
            scopes.more <- []
        else
            scopes.more <- scope :: scopes.more

    member scopes.TryFind(name: string) : SessionScope | null =
        match scopes.first with
        | null -> null
        | first when first.Name = name -> first
        | _ -> scopes.more |> List.tryFind (fun scope -> scope.Name = name) |> Option.toObj

    member scopes.Exists(holds: SessionScope -> bool) : bool =
        match scopes.first with
        | null -> false
        | first -> holds first || List.exists holds scopes.more

    /// The scope, if there is exactly one.
    member scopes.Single: SessionScope | null =
        match scopes.first with
        | NonNull first when scopes.more.IsEmpty -> first
        | _ -> null

    member scopes.All: SessionScope list =
        match scopes.first with
        | null -> []
        | first -> first :: List.rev scopes.more
