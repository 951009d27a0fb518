namespace Runa.Session

open Microsoft.AspNetCore.Http.Features

/// Access to the features of a request. The indexer is several times faster than Get and Set, which are generic and
/// virtual.
module internal Features =
    /// The feature of this type, or null.
    let inline tryGet<'T when 'T: not struct and 'T: not null> (features: IFeatureCollection) : 'T | null =
        match features[typeof<'T>] with
        | :? 'T as feature -> feature
        | _ -> null

    let inline set<'T when 'T: not struct and 'T: not null> (features: IFeatureCollection) (feature: 'T) =
        features[typeof<'T>] <- feature
