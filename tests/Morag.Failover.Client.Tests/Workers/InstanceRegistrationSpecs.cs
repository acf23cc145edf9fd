using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Workers;

/// <summary>An instance that starts while another one is registered under its id. Numbers are times of heartbeats in seconds.</summary>
public sealed class InstanceRegistrationSpecs
{
    [Theory]
    [InlineData(10.0, 10.0)]
    [InlineData(10.0, 10.4)]
    [InlineData(10.0, null, 3.0, 10.4)]
    [InlineData(null, null)]
    [InlineData(null, 4.0, 4.4)]
    public async Task Should_take_over_when_the_cluster_tells_of_no_new_heartbeat(params double?[] heartbeats)
    {
        var calls = new ToldCalls(heartbeats);

        await RegisterAsync(calls);

        Assert.Equal(1, calls.Registrations);
    }

    [Theory]
    [InlineData(10.0, 12.0)]
    [InlineData(10.0, null, 3.0, 12.0)]
    [InlineData(null, 4.0, 6.0)]
    public async Task Should_not_register_when_the_other_instance_sends_heartbeats(params double?[] heartbeats)
    {
        var calls = new ToldCalls(heartbeats);

        _ = await Assert.ThrowsAsync<WorkerIdInUseException>(() => RegisterAsync(calls));

        Assert.Equal(0, calls.Registrations);
    }

    [Fact]
    public async Task Should_not_register_when_a_third_instance_does()
    {
        var calls = new ToldCalls([10.0, 10.0]) { NextInstance = new("third") };

        _ = await Assert.ThrowsAsync<WorkerIdInUseException>(() => RegisterAsync(calls));
    }

    private static async Task RegisterAsync(ToldCalls calls)
    {
        var clock = new WaitingTime();
        using var registration = new InstanceRegistration(calls, new WorkerLog(NullLogger.Instance, new WorkerId("w"), clock), clock);
        var registering = registration.RegisterAsync(0, CancellationToken.None);
        for (var waits = 0; !registering.IsCompleted; await Task.Yield())
        {
            // Only when it waits, or the time would be over before it has asked.
            if (clock.Waits > waits)
            {
                waits = clock.Waits;
                clock.Advance(TakeoverDelay.PollInterval);
            }
        }

        await registering;
    }

    /// <summary>Tells one time after the other of the other instance's last heartbeat, and then the last one again and again.</summary>
    private sealed class ToldCalls(double?[] heartbeats) : IInstanceCalls
    {
        private int told;

        public InstanceId? NextInstance { get; init; }

        public int Registrations { get; private set; }

        public WorkerRegistration Registration { get; } = new()
        {
            WorkerId = new("w"),
            Capability = WorkerCapability.Cpu,
            InstanceId = new("new"),
        };

        public Task<OtherInstance?> FindOtherAsync(CancellationToken cancellation)
        {
            var seconds = heartbeats[Math.Min(told, heartbeats.Length - 1)];
            var instance = told++ > 0 && NextInstance is { } next ? next : new InstanceId("old");
            return Task.FromResult<OtherInstance?>(new(
                instance, "elsewhere", seconds is { } at ? DateTimeOffset.UnixEpoch.AddSeconds(at) : null, HeartbeatIntervalSeconds: 1));
        }

        public Task RegisterAsync(CancellationToken cancellation)
        {
            Registrations++;
            return Task.CompletedTask;
        }

        public Task<ReceivedLeases> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation) =>
            throw new NotSupportedException();
    }

    private sealed class WaitingTime : FakeTimeProvider
    {
        private int waits;

        public int Waits => Volatile.Read(ref waits);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref waits);
            return timer;
        }
    }
}
