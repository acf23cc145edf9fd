using System.CommandLine;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>The numbers that an agent is started with.</summary>
public sealed class AgentOptionSpecs
{
    private static readonly string[] NotNumbers = ["0,5", "abc", "NaN", "1e400", "-1", "", "1e300"];

    public static TheoryData<string, string> Refused
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var option in WorkerRunCommand.Build(new GlobalOptions()).Options.Where(IsNumber))
            {
                foreach (var text in NotNumbers)
                {
                    cases.Add(option.Name, text);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Should_name_the_option_and_its_range_in_one_line_when_the_number_is_invalid(string option, string text)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        var exitCode = await new MoragCommandLine(output, error, Stream.Null, TimeProvider.System)
            .RunAsync(["worker", "run", option, text, "--", "true"]);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Matches($"^{option} must be a (whole )?number from [0-9.]+ to [0-9]+, not \"{text}\"$", error.ToString().Trim());
        Assert.Empty(output.ToString());
    }

    [Fact]
    public void Should_cover_every_numeric_option() => Assert.Equal(
        [
            "--cpu-cores", "--disk-gb", "--drain-grace", "--gpu-count", "--gpu-memory-gb", "--heartbeat", "--kill-grace", "--memory-gb",
            "--slots",
        ],
        WorkerRunCommand.Build(new GlobalOptions()).Options.Where(IsNumber).Select(option => option.Name).Order(StringComparer.Ordinal));

    private static bool IsNumber(Option option) =>
        (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) is { IsPrimitive: true } type && type != typeof(bool);
}
