using System.Text.RegularExpressions;
using Morag.EmbeddedRedis;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Tests.Stores;

public sealed class EmbeddedLimitsSpecs
{
    private const long Gibibyte = 1L << 30;

    [Fact]
    public void Should_leave_all_limits_as_configured_when_the_memory_is_enough() =>
        Assert.Equal(FailoverSettings.Default, EmbeddedLimits.InForce(FailoverSettings.Default, 16 * Gibibyte));

    [Theory]
    [InlineData(384L << 20, 1, 2)]
    [InlineData(1 * Gibibyte, 1, 2)]
    [InlineData(1 * Gibibyte, 4, 2)]
    [InlineData(4 * Gibibyte, 1, 2)]
    [InlineData(4 * Gibibyte, 1, 10)]
    public void Should_promise_no_more_than_the_memory_is_enough_for(long memory, int partitions, int snapshotsKept)
    {
        var given = FailoverSettings.Default with
        {
            Partitions = new() { Queues = partitions },
            Storage = new() { SnapshotsKept = snapshotsKept },
        };

        var force = EmbeddedLimits.InForce(given, memory);

        var state = force.Queues.MaxBytes + force.Queues.FinishedBytesKept + (400L * (force.Queues.MaxTasks + force.Queues.FinishedKept));
        var most = (snapshotsKept + 1)
            * ((partitions * WithEvents(state)) + (given.Partitions.Coordinators * WithEvents(force.Policy.MaxHistoryBytes)));
        Assert.InRange(most, 1, new EmbeddedRedisOptions { DataFolder = "", Memory = memory }.DataLimit);
        Assert.InRange(force.Queues.MaxTasks, 1, given.Queues.MaxTasks - 1);
        Assert.InRange(force.Policy.MaxHistoryBytes, 1, given.Policy.MaxHistoryBytes - 1);

        long WithEvents(long owner) => owner + Math.Max(owner, force.Storage.SnapshotBytes);
    }

    [Fact]
    public void Should_refuse_memory_that_is_not_enough_for_one_task_in_each_partition()
    {
        var given = FailoverSettings.Default with { Partitions = new() { Queues = 64 } };

        var refusal = Assert.Throws<ConfigurationRefusedException>(() => EmbeddedLimits.InForce(given, EmbeddedRedisOptions.LeastMemory));

        Assert.Contains(
            "morag.embedded.memory = \"384MiB\" is refused: each of 64 queue partitions could hold",
            refusal.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Should_never_raise_a_limit_when_it_is_set_low()
    {
        var given = FailoverSettings.Default with
        {
            Queues = new() { MaxTasks = 10, MaxBytes = 1 << 20, FinishedKept = 0, FinishedBytesKept = 0 },
            Storage = new() { SnapshotBytes = 2 << 20 },
        };

        Assert.Equal(given.Queues, EmbeddedLimits.InForce(given, EmbeddedRedisOptions.LeastMemory).Queues);
        Assert.Equal(given, EmbeddedLimits.InForce(given, 16 * Gibibyte));
    }

    [Fact]
    public void Should_leave_a_limit_that_was_set_low_and_lower_the_others()
    {
        var given = FailoverSettings.Default with { Queues = new() { MaxTasks = 100, FinishedKept = 2 } };

        var force = EmbeddedLimits.InForce(given, 4 * Gibibyte).Queues;

        Assert.Equal((100, 2), (force.MaxTasks, force.FinishedKept));
        Assert.InRange(force.MaxBytes, 1, given.Queues.MaxBytes - 1);
        Assert.InRange(force.FinishedBytesKept, 1, given.Queues.FinishedBytesKept - 1);
    }

    [Fact]
    public void Should_lower_limits_only_for_the_embedded_store_and_say_so()
    {
        var file = Path.Combine(Path.GetTempPath(), $"morag-{Guid.NewGuid():n}.conf");
        File.WriteAllText(file, "morag.embedded.memory = 1GiB");
        try
        {
            var embedded = NodeOptions.Load(["--config", file], static _ => null);
            var server = NodeOptions.Load(["--config", file, "--redis", "redis.example:6379"], static _ => null);

            Assert.Equal(1 * Gibibyte, embedded.EmbeddedMemory);
            Assert.InRange(embedded.Failover.Queues.MaxTasks, 1, 199_999);
            Assert.Equal(200_000, server.Failover.Queues.MaxTasks);
            Assert.Matches(
                new Regex(@"1024 MiB: max-tasks [0-9,]+ \(configured 200,000\), max-bytes [0-9,]+ MiB \(configured 512\)"),
                EmbeddedLimits.Describe(embedded));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
