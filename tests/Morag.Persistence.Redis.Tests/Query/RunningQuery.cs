using Akka;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>A running query with demand for one element at a time.</summary>
internal sealed class RunningQuery<T>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly UniqueKillSwitch _cancel;
    private readonly ISinkQueue<T> _elements;

    public RunningQuery(Source<T, NotUsed> query, ActorSystem system)
    {
        (_cancel, _elements) = query
            .ViaMaterialized(KillSwitches.Single<T>(), Keep.Right)
            .ToMaterialized(Sink.Queue<T>().WithAttributes(Attributes.CreateInputBuffer(1, 1)), Keep.Both)
            .Run(system.Materializer());
    }

    /// <summary>Waits for the next element.</summary>
    public async Task<T> NextAsync()
    {
        var next = await _elements.PullAsync().WaitAsync(Bound);
        return next.HasValue ? next.Value : throw new InvalidOperationException("The query is complete.");
    }

    /// <summary>Waits for the next elements.</summary>
    public async Task<IReadOnlyList<T>> NextAsync(int count)
    {
        var elements = new List<T>();
        while (elements.Count < count)
            elements.Add(await NextAsync());
        return elements;
    }

    /// <summary>Reads the remaining elements until the query completes.</summary>
    public async Task<IReadOnlyList<T>> RestAsync()
    {
        var rest = new List<T>();
        while (true)
        {
            var next = await _elements.PullAsync().WaitAsync(Bound);
            if (!next.HasValue) return rest;
            rest.Add(next.Value);
        }
    }

    /// <summary>Cancels the query.</summary>
    public void Cancel() => _cancel.Shutdown();
}
