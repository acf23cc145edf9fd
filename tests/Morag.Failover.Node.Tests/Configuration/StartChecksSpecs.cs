using Morag.EmbeddedRedis;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Tests.Configuration;

public sealed class StartChecksSpecs
{
    private const long Mebibyte = 1L << 20;

    [Fact]
    public void Should_not_advise_a_lower_memory_setting_when_it_is_the_lowest_already()
    {
        var refusal = Refusal(EmbeddedRedisOptions.LeastMemory, available: 300 * Mebibyte);

        Assert.Contains(
            "morag.embedded.memory = \"384MiB\" is refused: this process can use 300 MiB of memory. "
            + "384MiB is the smallest value, and the default",
            refusal,
            StringComparison.Ordinal);
        Assert.Contains("Raise the memory limit", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("Lower", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_advise_a_lower_memory_setting_when_there_is_one() =>
        Assert.Contains(
            "Lower the setting (384MiB or more), raise the memory limit",
            Refusal(1024 * Mebibyte, available: 600 * Mebibyte),
            StringComparison.Ordinal);

    private static string Refusal(long memory, long available)
    {
        var file = Path.Combine(Path.GetTempPath(), $"morag-{Guid.NewGuid():n}.conf");
        File.WriteAllText(
            file,
            $"morag.embedded.memory = {memory / Mebibyte}MiB, morag.failover.queues {{ max-bytes = 10MiB, max-payload = 64KiB }}");
        try
        {
            var options = NodeOptions.Load(["--config", file], static _ => null);
            return Assert.Throws<ConfigurationRefusedException>(() => StartChecks.CheckMemory(options, available)).Message;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
