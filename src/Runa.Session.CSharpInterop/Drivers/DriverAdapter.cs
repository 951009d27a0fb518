using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// Makes the F# library's record of functions from a driver written in C#. It passes on an answer that is there at once
/// without a task, and exceptions as they are.
/// </summary>
internal sealed class DriverAdapter
{
    private readonly ISessionDriver _driver;
    private readonly string _name;

    private DriverAdapter(ISessionDriver driver)
    {
        _driver = driver;
        _name = driver.Name;

        if (string.IsNullOrEmpty(_name))
        {
            throw new InvalidOperationException(
                $"{driver.GetType().Name}.{nameof(ISessionDriver.Name)} is null or empty: error messages need a name for the driver.");
        }
    }

    public static SessionDriver Adapt(ISessionDriver driver)
    {
        var adapter = new DriverAdapter(driver);

        var record = SessionDriverModule.create(
            adapter._name,
            FuncConvert.FromFunc<StoreKey, CancellationToken, ValueTask<FSharpValueOption<SessionRecord>>>(adapter.Load),
            FuncConvert.FromFunc<StoreKey, SessionRecord, CancellationToken, ValueTask<bool>>(adapter.Create),
            FuncConvert.FromFunc<StoreKey, RecordVersion, SessionRecord, CancellationToken, ValueTask<Session.ReplaceResult>>(adapter.Replace),
            FuncConvert.FromFunc<StoreKey, DateTimeOffset, CancellationToken, ValueTask<bool>>(driver.TouchAsync),
            FuncConvert.FromFunc<StoreKey, CancellationToken, ValueTask<FSharpValueOption<SessionRecord>>>(adapter.Delete));

        record = SessionDriverModule.withDeleteMany(
            FuncConvert.FromFunc<FSharpList<StoreKey>, CancellationToken, ValueTask<FSharpList<DeletedRecord>>>(adapter.DeleteMany),
            record);
        record = SessionDriverModule.withRefusals(FuncConvert.FromFunc<Exception, bool>(driver.IsRefusal), record);
        record = SessionDriverModule.withGuarantee(adapter.Guarantee(), record);
        record = SessionDriverModule.withPurge(FuncConvert.FromFunc<CancellationToken, ValueTask<int>>(driver.PurgeExpiredAsync), record);
        record = SessionDriverModule.withPing(FuncConvert.FromFunc<CancellationToken, ValueTask>(driver.PingAsync), record);
        record = SessionDriverModule.withDispose(FuncConvert.FromFunc(driver.DisposeAsync), record);

        if (driver is ISessionCounter counter)
        {
            record = SessionDriverModule.withCount(
                FuncConvert.FromFunc<string, CancellationToken, ValueTask<Session.SessionCount>>(
                    async (scope, cancellationToken) =>
                    {
                        var count = await counter.CountAsync(scope, cancellationToken).ConfigureAwait(false);
                        return new Session.SessionCount(count.Sessions, count.SignedIn);
                    }),
                record);
        }

        if (driver is ISessionUsage usage)
        {
            record = SessionDriverModule.withUsage(
                FuncConvert.FromFunc(() => new DriverUsage(usage.Sessions, usage.Bytes, usage.EvictedVisitors, usage.EvictedUsers)),
                record);
        }

        return driver.Owners is { } owners
            ? SessionDriverModule.withOwners(OwnerIndexAdapter.Adapt(adapter._name, owners), record)
            : record;
    }

    private Session.DriverGuarantee Guarantee() => _driver.Guarantee switch
    {
        DriverGuarantee.CompareAndSwap => Session.DriverGuarantee.CompareAndSwap,
        DriverGuarantee.LastWriteWins => Session.DriverGuarantee.LastWriteWins,
        var other => throw new InvalidOperationException(
            $"The {nameof(ISessionDriver.Guarantee)} of the driver \"{_name}\" is {other}: expected CompareAndSwap or LastWriteWins."),
    };

    private ValueTask<FSharpValueOption<SessionRecord>> Load(StoreKey key, CancellationToken cancellationToken) =>
        Found(_driver.LoadAsync(key, cancellationToken));

    private ValueTask<FSharpValueOption<SessionRecord>> Delete(StoreKey key, CancellationToken cancellationToken) =>
        Found(_driver.DeleteAsync(key, cancellationToken));

    private async ValueTask<FSharpList<DeletedRecord>> DeleteMany(
        FSharpList<StoreKey> keys,
        CancellationToken cancellationToken)
    {
        var deleted = await _driver.DeleteManyAsync([.. keys], cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidOperationException(
                $"The driver \"{_name}\" answered null to {nameof(ISessionDriver.DeleteManyAsync)}: return an empty list if nothing was deleted.");

        return ListModule.OfSeq(deleted.Select(item => new DeletedRecord(item.Key, ToOption(item.Value))));
    }

    private ValueTask<bool> Create(StoreKey key, SessionRecord session, CancellationToken cancellationToken) =>
        _driver.CreateAsync(key, new StoredSession(session), cancellationToken);

    private ValueTask<Session.ReplaceResult> Replace(
        StoreKey key,
        RecordVersion version,
        SessionRecord session,
        CancellationToken cancellationToken)
    {
        var answer = _driver.ReplaceAsync(key, version.Item, new StoredSession(session), cancellationToken);
        return answer.IsCompletedSuccessfully ? new(ToResult(answer.Result)) : Awaited(answer);

        async ValueTask<Session.ReplaceResult> Awaited(ValueTask<ReplaceResult> answer) =>
            ToResult(await answer.ConfigureAwait(false));
    }

    private Session.ReplaceResult ToResult(ReplaceResult? outcome) => outcome switch
    {
        { Current: { } current } => Session.ReplaceResult.NewConflict(current.Record),
        _ when outcome == ReplaceResult.Replaced => Session.ReplaceResult.Replaced,
        _ when outcome == ReplaceResult.Missing => Session.ReplaceResult.Missing,
        _ => throw new InvalidOperationException(
            $"The driver \"{_name}\" answered null to {nameof(ISessionDriver.ReplaceAsync)}: return Replaced, Missing or a Conflict."),
    };

    private static ValueTask<FSharpValueOption<SessionRecord>> Found(ValueTask<StoredSession?> answer)
    {
        return answer.IsCompletedSuccessfully ? new(ToOption(answer.Result)) : Awaited(answer);

        static async ValueTask<FSharpValueOption<SessionRecord>> Awaited(ValueTask<StoredSession?> answer) =>
            ToOption(await answer.ConfigureAwait(false));
    }

    private static FSharpValueOption<SessionRecord> ToOption(StoredSession? session) =>
        session is null
            ? FSharpValueOption<SessionRecord>.ValueNone
            : FSharpValueOption<SessionRecord>.NewValueSome(session.Record);
}
