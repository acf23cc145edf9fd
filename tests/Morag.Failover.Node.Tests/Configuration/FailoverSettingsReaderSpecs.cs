using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using Akka.Configuration;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Tests.Configuration;

public sealed partial class FailoverSettingsReaderSpecs
{
    [Fact]
    public void Should_read_the_defaults_of_the_records_from_morag_conf()
    {
        var read = FailoverSettingsReader.Read(NodeConfiguration.Defaults());

        Assert.Equal(Flatten(FailoverSettings.Default, "failover"), Flatten(read, "failover"));
    }

    [Fact]
    public void Should_have_a_key_for_each_property_and_a_property_for_each_key()
    {
        var properties = Flatten(FailoverSettings.Default, "morag.failover", deep: false).Select(property => property.Split(" = ")[0]);

        Assert.Equal(properties.Order(), Keys().Order());
    }

    [Theory]
    [MemberData(nameof(AllKeys))]
    public void Should_refuse_a_value_that_means_nothing(string key)
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Read($"{key} = nonsense"));

        Assert.StartsWith($"{key} = \"nonsense\" is refused: ", refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Theory]
    [InlineData("policy.max-retries", "-1", "an integer from 0 to 100")]
    [InlineData("policy.max-retries", "101", "an integer from 0 to 100")]
    [InlineData("policy.max-retries", "2.5", "an integer from 0 to 100")]
    [InlineData("policy.max-retries", "99999999999", "an integer from 0 to 100")]
    [InlineData("policy.network-retry-delay", "30", "a duration from 0s to 1h")]
    [InlineData("policy.network-retry-delay", "61m", "a duration from 0s to 1h")]
    [InlineData("policy.network-retry-delay", "-1s", "a duration from 0s to 1h")]
    [InlineData("policy.network-retry-delay", "1 fortnight", "a duration from 0s to 1h")]
    [InlineData("policy.jitter", "1.01", "a number from 0 up to 1")]
    [InlineData("policy.jitter", "NaN", "a number from 0 up to 1")]
    [InlineData("policy.quality-degradation", "maybe", "on or off")]
    [InlineData("policy.quality-ladder", "{ video = [\"[1]\"] }", "the text of a JSON object")]
    [InlineData("policy.quality-ladder", "{ video = [\"{\"] }", "the text of a JSON object")]
    [InlineData("policy.quality-ladder", "{ video = 1 }", "a list")]
    [InlineData("queues.max-payload", "2MiB", "a size from 1KiB to 1MiB")]
    [InlineData("queues.max-payload", "1000", "a size from 1KiB to 1MiB")]
    [InlineData("queues.definitions.cpu_batch.weight", "0", "a number above 0")]
    [InlineData("queues.definitions.cpu_batch.served-by", "tpu", "gpu or cpu")]
    [InlineData("queues.definitions.cpu_batch.placement", "stack", "spread or pack")]
    [InlineData("queues.definitions.cpu_batch.unserved-after", "31d", "a duration from 1s to 30d")]
    [InlineData("queues.definitions.cpu_batch.falls-back-to", "nowhere", "the name of another defined queue")]
    [InlineData("queues.definitions.cpu_batch.falls-back-to", "cpu_batch", "the name of another defined queue")]
    [InlineData("queues.definitions.extra.served-by", "cpu", "extra.falls-back-to = (nothing) is refused")]
    [InlineData("workers.offline-phi", "5", "above suspect-phi (5)")]
    [InlineData("workers.breaker-max-open-for", "299s", "of at least breaker-open-for (300s)")]
    public void Should_name_the_allowed_range(string key, string value, string allowed)
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Read($"morag.failover.{key} = {value}"));

        Assert.StartsWith($"morag.failover.{string.Join('.', key.Split('.')[..2])}", refusal.Message);
        Assert.Contains(allowed, refusal.Message);
    }

    [Fact]
    public void Should_refuse_a_queue_name_that_is_not_an_id()
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(
            () => Read("morag.failover.queues.definitions.\"no name\" { served-by = cpu }"));

        Assert.Contains("beginning with a letter or digit", refusal.Message);
    }

    [Fact]
    public void Should_add_and_change_queues_by_name()
    {
        var settings = Read(
            """
            morag.failover.queues.definitions {
              gpu_priority { timeout = 30m, unserved-after = 90s }
              night { served-by = cpu, falls-back-to = cpu_batch, per-worker = 1, weight = 0.1, timeout = 1d }
            }
            """);

        Assert.Equal(
            ["gpu_priority", "gpu_fallback", "cpu_standard", "cpu_batch", "night"],
            settings.Queues.Definitions.Select(queue => queue.Name.Value));
        Assert.Equal(TimeSpan.FromMinutes(30), settings.Queues.Definitions[0].Timeout);
        Assert.Equal(2, settings.Queues.Definitions[0].PerWorker);
        Assert.Equal(
            [90, 600, 600, 600, 600],
            settings.Queues.Definitions.Select(queue => settings.Queues.UnservedAfterOf(queue).TotalSeconds));
        Assert.Equal(TimeSpan.FromDays(1), settings.Queues.Definitions[4].Timeout);
    }

    [Fact]
    public void Should_read_a_ladder_by_content_type()
    {
        var settings = Read(""""morag.failover.policy.quality-ladder."video/mp4" = ["""{"height": 720}""", """{"height": 480}"""]"""");

        Assert.Equal(["{\"height\":720}", "{\"height\":480}"], settings.Policy.QualityLadder["video/mp4"].Select(rung => rung.Raw));
        Assert.True(settings.Policy.QualityLadder.ContainsKey("*"));
    }

    [Fact]
    public void Should_read_fractions_of_units()
    {
        Assert.Equal(TimeSpan.FromMinutes(90), Read("morag.failover.workers.timeout = 1.5h").Workers.Timeout);
    }

    public static TheoryData<string> AllKeys() => [.. Keys()];

    private static FailoverSettings Read(string changes) =>
        FailoverSettingsReader.Read(ConfigurationFactory.ParseString(changes).WithFallback(NodeConfiguration.Defaults()));

    private static IEnumerable<string> Keys() =>
        NodeConfiguration.Leaves(NodeConfiguration.Defaults().GetValue("morag.failover"), "morag.failover");

    /// <summary>All values of a settings record as lines, in a fixed order; lists and maps as one value unless deep.</summary>
    private static IEnumerable<string> Flatten(object settings, string path, bool deep = true) =>
        settings.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .SelectMany(property => FlattenValue(property.GetValue(settings), $"{path}.{Kebab(property.Name)}", deep));

    private static IEnumerable<string> FlattenValue(object? value, string path, bool deep) => value switch
    {
        null => [$"{path} = null"],
        IEnumerable items and not string => deep
            ? items.Cast<object>().SelectMany((item, n) => FlattenValue(item, $"{path}.{n}", deep))
            : [path],
        _ when value.GetType().Namespace == typeof(FailoverSettings).Namespace
            || value.GetType().Name.StartsWith("KeyValuePair", StringComparison.Ordinal) =>
            Flatten(value, path, deep),
        _ => [$"{path} = {value}"],
    };

    private static string Kebab(string name) => WordStart().Replace(name, "-$0").ToLowerInvariant();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
