using System.Text.Json;

namespace Morag.Failover.Contracts.Tests;

public sealed class IdentifierSpecs
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("w:highestSequenceNr2")]
    [InlineData("highestSequenceNr")]
    [InlineData("video-17.part_2:en@gpu~1+x=y")]
    [InlineData("3f2504e0-4f89-11d3-9a0c-0305e82c3301")]
    public void Should_accept_an_id_when_it_is_safe_in_urls_and_keys(string id) => Assert.True(Identifier.IsValid(id));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("-a")]
    [InlineData("ä")]
    [InlineData("a%2fb")]
    [InlineData("w:highestSequenceNr")]
    public void Should_reject_an_id_when_it_is_not(string? id) => Assert.False(Identifier.IsValid(id));

    [Fact]
    public void Should_reject_an_id_when_it_has_more_than_128_characters()
    {
        Assert.True(Identifier.IsValid(new string('a', 128)));
        Assert.False(Identifier.IsValid(new string('a', 129)));
    }

    [Fact]
    public void Should_state_the_rule_when_json_breaks_it()
    {
        var failure = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TaskId>("\"../x\"", ContractsJson.Options));

        Assert.Contains(Identifier.Rule, failure.Message, StringComparison.Ordinal);
    }
}
