using Morag.Failover.Cli.Agents;
using Morag.Failover.TestRules;

namespace Morag.Failover.Cli.Tests;

/// <summary>A log line of the agent and a text of a command say <c>resource_exhaustion</c>, as the wire does.</summary>
public sealed class EnumTextSpecs
{
    [Fact]
    public void Should_give_enums_in_texts_their_wire_names() => Assert.Empty(EnumTexts.In(typeof(WorkerAgent).Assembly));
}
