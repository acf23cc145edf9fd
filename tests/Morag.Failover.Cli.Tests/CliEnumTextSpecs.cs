using Morag.Failover.Cli.Agents;
using Morag.Failover.TestRules;

namespace Morag.Failover.Cli.Tests;

/// <summary>Log lines and command output use wire names such as <c>resource_exhaustion</c>.</summary>
public sealed class CliEnumTextSpecs
{
    [Fact]
    public void Should_use_wire_names_when_a_text_contains_an_enum() => Assert.Empty(EnumTexts.In(typeof(WorkerAgent).Assembly));
}
