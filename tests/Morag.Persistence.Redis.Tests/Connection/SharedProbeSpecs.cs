using Microsoft.Extensions.Time.Testing;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>However many look whether Redis is back, it is probed once in two seconds.</summary>
public sealed class SharedProbeSpecs
{
    private readonly FakeTimeProvider time = new();
    private readonly List<TaskCompletionSource<string?>> probes = [];
    private readonly SharedProbe probe;

    public SharedProbeSpecs() => probe = new SharedProbe(Start, time);

    [Fact]
    public async Task Should_give_all_who_ask_the_outcome_of_one_probe_when_it_is_under_way()
    {
        var asked = Enumerable.Range(0, 50).Select(_ => probe.AskAsync(CancellationToken.None)).ToList();
        time.Advance(SharedProbe.Interval * 10);
        asked.Add(probe.AskAsync(CancellationToken.None));

        Assert.Single(probes).SetResult("refused");

        Assert.All(await Task.WhenAll(asked), why => Assert.Equal("refused", why));
    }

    [Fact]
    public async Task Should_probe_again_only_when_the_interval_is_over()
    {
        var first = probe.AskAsync(CancellationToken.None);
        probes[0].SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => first);

        time.Advance(SharedProbe.Interval - TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutException>(() => probe.AskAsync(CancellationToken.None));
        Assert.Single(probes);

        time.Advance(TimeSpan.FromTicks(1));
        var second = probe.AskAsync(CancellationToken.None);
        Assert.Equal(2, probes.Count);
        probes[1].SetResult(null);
        Assert.Null(await second);
    }

    [Fact]
    public async Task Should_let_one_who_waits_go_and_keep_the_probe_for_the_others_when_it_is_cancelled()
    {
        using var patience = new CancellationTokenSource();
        var impatient = probe.AskAsync(patience.Token);
        var patient = probe.AskAsync(CancellationToken.None);

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.Single(probes).SetResult("refused");
        Assert.Equal("refused", await patient);
    }

    private Task<string?> Start()
    {
        probes.Add(new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously));
        return probes[^1].Task;
    }
}
