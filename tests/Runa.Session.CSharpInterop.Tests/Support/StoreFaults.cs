using Microsoft.Extensions.Caching.Distributed;
using Microsoft.FSharp.Core;
using Runa.Session;

namespace CSharp.Tests;

/// <summary>A store of each kind that fails when it is told to.</summary>
internal sealed class StoreFaults
{
    private bool _isAnswerLost;

    public bool ReadsFail { get; set; }

    public bool WritesFail { get; set; }

    /// <summary>The next write is applied, its answer is lost, and so is that of the read which looks for it.</summary>
    public bool LosesAnAnswer { get; set; }

    public bool IsDown
    {
        set => ReadsFail = WritesFail = value;
    }

    /// <summary>Called while a write is under way.</summary>
    public Action? Writing { get; set; }

    /// <summary>How many writes were tried.</summary>
    public int Writes { get; private set; }

    /// <summary>How many reads were tried.</summary>
    public int Reads { get; private set; }

    public IDistributedCache Cache(IDistributedCache inner) => new FaultyCache(this, inner);

    public SessionDriver Driver(TimeProvider clock)
    {
        var inner = MemoryDriver.Create(clock);

        return SessionDriverModule.create(
            "faulty",
            FuncConvert.FromFunc((StoreKey key, CancellationToken token) => Read(() => inner.Load.Invoke(key).Invoke(token))),
            FuncConvert.FromFunc((StoreKey key, SessionRecord record, CancellationToken token) =>
                Write(() => inner.Create.Invoke(key).Invoke(record).Invoke(token))),
            FuncConvert.FromFunc((StoreKey key, RecordVersion version, SessionRecord record, CancellationToken token) =>
                Write(() => inner.Replace.Invoke(key).Invoke(version).Invoke(record).Invoke(token))),
            FuncConvert.FromFunc((StoreKey key, DateTimeOffset end, CancellationToken token) =>
                Write(() => inner.Touch.Invoke(key).Invoke(end).Invoke(token))),
            FuncConvert.FromFunc((StoreKey key, CancellationToken token) => Write(() => inner.Delete.Invoke(key).Invoke(token))));
    }

    private T Read<T>(Func<T> answer)
    {
        Reads++;

        if (_isAnswerLost)
        {
            _isAnswerLost = false;
            throw new IOException("The connection is broken.");
        }

        return ReadsFail ? throw new IOException("The store is down.") : answer();
    }

    private T Write<T>(Func<T> answer)
    {
        Writes++;
        Writing?.Invoke();

        if (LosesAnAnswer)
        {
            LosesAnAnswer = false;
            _isAnswerLost = true;
            answer();
            throw new IOException("The connection is broken.");
        }

        return WritesFail ? throw new IOException("The store is down.") : answer();
    }

    private sealed class FaultyCache(StoreFaults faults, IDistributedCache inner) : IDistributedCache
    {
        public byte[]? Get(string key) => faults.Read(() => inner.Get(key));

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
            faults.Read(() => inner.GetAsync(key, token));

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

        public Task SetAsync(
            string key,
            byte[] value,
            DistributedCacheEntryOptions options,
            CancellationToken token = default) => faults.Write(() => inner.SetAsync(key, value, options, token));

        public void Refresh(string key) => throw new NotSupportedException();

        public Task RefreshAsync(string key, CancellationToken token = default) =>
            faults.Read(() => inner.RefreshAsync(key, token));

        public void Remove(string key) => throw new NotSupportedException();

        public Task RemoveAsync(string key, CancellationToken token = default) => throw new NotSupportedException();
    }
}
