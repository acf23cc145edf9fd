using Microsoft.Extensions.Time.Testing;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>However many look whether Redis is back, it is probed once in two seconds.</summary>
public sealed class SharedProbeSpecs
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<TaskCompletionSource<string?>> _probes = [];
    private readonly SharedProbe _probe;

    public SharedProbeSpecs() => _probe = new SharedProbe(Start, _time);

    [Fact]
    public async Task Should_give_all_who_ask_the_outcome_of_one_probe_when_it_is_under_way()
    {
        var asked = Enumerable.Range(0, 50).Select(_ => _probe.AskAsync(CancellationToken.None)).ToList();
        _time.Advance(SharedProbe.Interval * 10);
        asked.Add(_probe.AskAsync(CancellationToken.None));

        Assert.Single(_probes).SetResult("refused");

        Assert.All(await Task.WhenAll(asked), why => Assert.Equal("refused", why));
    }

    [Fact]
    public async Task Should_probe_again_only_when_the_interval_is_over()
    {
        var first = _probe.AskAsync(CancellationToken.None);
        _probes[0].SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => first);

        _time.Advance(SharedProbe.Interval - TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutException>(() => _probe.AskAsync(CancellationToken.None));
        Assert.Single(_probes);

        _time.Advance(TimeSpan.FromTicks(1));
        var second = _probe.AskAsync(CancellationToken.None);
        Assert.Equal(2, _probes.Count);
        _probes[1].SetResult(null);
        Assert.Null(await second);
    }

    [Fact]
    public async Task Should_let_one_who_waits_go_and_keep_the_probe_for_the_others_when_it_is_cancelled()
    {
        using var patience = new CancellationTokenSource();
        var impatient = _probe.AskAsync(patience.Token);
        var patient = _probe.AskAsync(CancellationToken.None);

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.Single(_probes).SetResult("refused");
        Assert.Equal("refused", await patient);
    }

    private Task<string?> Start()
    {
        _probes.Add(new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously));
        return _probes[^1].Task;
    }
}
