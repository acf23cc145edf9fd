using Microsoft.Extensions.Time.Testing;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>Redis is probed once in two seconds, however many callers check it.</summary>
public sealed class SharedProbeSpecs
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<TaskCompletionSource<string?>> _probes = [];
    private readonly SharedProbe _probe;

    public SharedProbeSpecs() => _probe = new SharedProbe(Start, _time);

    [Fact]
    public async Task Should_share_the_result_of_a_probe_when_several_callers_ask_meanwhile()
    {
        var asked = Enumerable.Range(0, 50).Select(_ => _probe.RunAsync(CancellationToken.None)).ToList();
        _time.Advance(SharedProbe.Interval * 10);
        asked.Add(_probe.RunAsync(CancellationToken.None));

        Assert.Single(_probes).SetResult("refused");

        Assert.All(await Task.WhenAll(asked), why => Assert.Equal("refused", why));
    }

    [Fact]
    public async Task Should_probe_again_only_when_the_interval_has_passed()
    {
        var first = _probe.RunAsync(CancellationToken.None);
        _probes[0].SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => first);

        _time.Advance(SharedProbe.Interval - TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutException>(() => _probe.RunAsync(CancellationToken.None));
        Assert.Single(_probes);

        _time.Advance(TimeSpan.FromTicks(1));
        var second = _probe.RunAsync(CancellationToken.None);
        Assert.Equal(2, _probes.Count);
        _probes[1].SetResult(null);
        Assert.Null(await second);
    }

    [Fact]
    public async Task Should_continue_the_probe_for_others_when_one_caller_cancels()
    {
        using var patience = new CancellationTokenSource();
        var impatient = _probe.RunAsync(patience.Token);
        var patient = _probe.RunAsync(CancellationToken.None);

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
