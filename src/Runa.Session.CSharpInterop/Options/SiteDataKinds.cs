using Microsoft.FSharp.Collections;
using CoreSiteData = Runa.Session.SiteData;

namespace Runa;

/// <summary>Site data in C# and in the core.</summary>
internal static class SiteDataKinds
{
    internal static IReadOnlyList<SiteData> OfCore(FSharpList<CoreSiteData> kinds) =>
        [.. kinds.Select(kind => kind switch
        {
            { IsCookies: true } => SiteData.Cookies,
            { IsStorage: true } => SiteData.Storage,
            { IsCache: true } => SiteData.Cache,
            { IsExecutionContexts: true } => SiteData.ExecutionContexts,
            _ => SiteData.All,
        })];

    internal static FSharpList<CoreSiteData> ToCore(IReadOnlyList<SiteData>? kinds) =>
        ListModule.OfSeq((kinds ?? []).Select(kind => kind switch
        {
            SiteData.Cookies => CoreSiteData.Cookies,
            SiteData.Storage => CoreSiteData.Storage,
            SiteData.Cache => CoreSiteData.Cache,
            SiteData.ExecutionContexts => CoreSiteData.ExecutionContexts,
            _ => CoreSiteData.All,
        }));
}
