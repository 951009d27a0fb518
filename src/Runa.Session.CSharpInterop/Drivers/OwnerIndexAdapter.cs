using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>Makes the F# library's record of functions from an owner index written in C#.</summary>
internal static class OwnerIndexAdapter
{
    public static OwnerIndex Adapt(string driver, IOwnerIndex index) => new(
        FuncConvert.FromFunc<string, string, FSharpOption<string>?, CancellationToken, ValueTask<OwnedPage>>(
            (scope, owner, continuationToken, cancellationToken) => List(driver, index, scope, owner, continuationToken?.Value, cancellationToken)),
        FuncConvert.FromFunc<string, string, CancellationToken, ValueTask<Session.OwnerEpoch>>(
            (scope, owner, cancellationToken) => Epoch(index, scope, owner, cancellationToken)),
        FuncConvert.FromFunc<string, string, CancellationToken, ValueTask>(index.AdvanceEpochAsync),
        FuncConvert.FromFunc<string, CancellationToken, ValueTask<int>>(index.DeleteAllAsync));

    private static async ValueTask<OwnedPage> List(
        string driver,
        IOwnerIndex index,
        string scope,
        string owner,
        string? continuationToken,
        CancellationToken cancellationToken)
    {
        var page = await index.ListAsync(scope, owner, continuationToken, cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidOperationException(
                $"The driver \"{driver}\" answered null to {nameof(IOwnerIndex.ListAsync)}: return an empty page if there are no records.");

        return new OwnedPage(
            ListModule.OfSeq(page.Items.Select(item => new OwnedRecord(item.Key, item.Value.Record))),
            ListModule.OfSeq(page.Unreadable),
            page.Next is null ? FSharpOption<string>.None : FSharpOption<string>.Some(page.Next));
    }

    private static async ValueTask<Session.OwnerEpoch> Epoch(
        IOwnerIndex index,
        string scope,
        string owner,
        CancellationToken cancellationToken)
    {
        var epoch = await index.GetEpochAsync(scope, owner, cancellationToken).ConfigureAwait(false);
        return new Session.OwnerEpoch(epoch.Number, epoch.Age);
    }
}
