using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class WorkerTagsSpecs
{
    [Fact]
    public void Should_split_a_tag_when_it_contains_several_equals_signs() => Assert.Equal(
        [new("note", ""), new("query", "a=b"), new("site", "home")],
        WorkerTags.Parse(["site=home", "query=a=b", "note="]));

    [Fact]
    public void Should_be_empty_when_no_tag_is_given() => Assert.Empty(WorkerTags.Parse(null));

    [Theory]
    [InlineData("--tag must be KEY=VALUE", "site")]
    [InlineData("--tag must be KEY=VALUE", "=home")]
    [InlineData("--tag has the key \"site\" twice", "site=home", "site=office")]
    public void Should_name_the_option_when_a_tag_is_invalid(string message, params string[] given)
    {
        var refused = Assert.Throws<CommandFailure>(() => WorkerTags.Parse(given));

        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }
}
