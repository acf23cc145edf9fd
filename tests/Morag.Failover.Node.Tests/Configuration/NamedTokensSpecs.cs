using System.Collections.Immutable;
using Akka.Configuration;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Tests.Configuration;

/// <summary>The block <c>morag.tokens</c>.</summary>
public sealed class NamedTokensSpecs
{
    private const string Digest = "sha256 = 0d8b9a3f4a5a0b6f3b0f8e2c0d8b9a3f4a5a0b6f3b0f8e2c0d8b9a3f4a5a0b6f";

    [Fact]
    public void Should_have_no_named_token_by_default() =>
        Assert.Empty(NamedTokensReader.Read(new SettingsSection(NodeConfiguration.Defaults(), "morag.tokens")));

    [Fact]
    public void Should_read_every_field_of_a_token()
    {
        var token = Assert.Single(Read(
            $$"""farm { kind = worker, {{Digest}}, workers = ["gpu-*", "cpu-1"], expires = "2027-01-31T00:00:00Z" }"""));

        Assert.Equal(("farm", TokenKind.Worker), (token.Name, token.Kind));
        Assert.Equal("0d8b9a3f", Convert.ToHexStringLower(token.Digest.AsSpan()[..4]));
        Assert.Equal(new DateTimeOffset(2027, 1, 31, 0, 0, 0, TimeSpan.Zero), token.Expires);
        Assert.True(token.CoversWorker(new WorkerId("gpu-12")) && token.CoversWorker(new WorkerId("cpu-1")));
        Assert.False(token.CoversWorker(new WorkerId("cpu-12")) || token.CoversWorker(new WorkerId("gpu")));
    }

    [Theory]
    [InlineData("reader", TokenKind.Reader)]
    [InlineData("reporter", TokenKind.Reporter)]
    [InlineData("operator", TokenKind.Operator)]
    public void Should_read_a_token_without_workers_and_expiry(string kind, TokenKind expected)
    {
        var token = Assert.Single(Read($"tool {{ kind = {kind}, {Digest} }}"));

        Assert.Equal((expected, null), (token.Kind, token.Expires));
    }

    [Theory]
    [InlineData("a b", "", "morag.tokens = \"a b\" is refused: 1 to 128 characters")]
    [InlineData("t", "kind = admin, DIGEST", "morag.tokens.t.kind = \"admin\" is refused: operator, reader, reporter, worker is allowed")]
    [InlineData("t", "DIGEST", "morag.tokens.t.kind = (nothing) is refused")]
    [InlineData("t", "kind = reader", "morag.tokens.t.sha256 = (nothing) is refused")]
    [InlineData("t", "kind = reader, sha256 = my-secret", "morag.tokens.t.sha256 = \"…\" is refused: the SHA-256 digest of the token")]
    [InlineData("t", "kind = reader, DIGEST, expires = tomorrow", "morag.tokens.t.expires = \"tomorrow\" is refused: a time such as")]
    [InlineData("t", "kind = reader, DIGEST, workers = [\"w\"]", "morag.tokens.t.workers = (nothing) is refused: only a worker token")]
    [InlineData("t", "kind = worker, DIGEST", "morag.tokens.t.workers = (nothing) is refused: the ids of its workers are needed")]
    [InlineData("t", "kind = worker, DIGEST, workers = [\"g*u\"]", "morag.tokens.t.workers = \"g*u\" is refused: a worker id, or a prefix")]
    [InlineData("t", "kind = reader, DIGEST, expiry = 1", "morag.tokens.t.expiry = (nothing) is refused: a token has only kind, sha256")]
    public void Should_name_the_field_and_the_rule_when_a_token_is_invalid(string name, string fields, string said)
    {
        var text = $"\"{name}\" {{ {fields.Replace("DIGEST", Digest, StringComparison.Ordinal)} }}";

        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Read(text));
        Assert.StartsWith(said, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("my-secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_refuse_two_tokens_with_one_digest()
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(
            () => Read($"a {{ kind = reader, {Digest} }}\nb {{ kind = operator, {Digest} }}"));
        Assert.Contains("every token needs a digest of its own", refusal.Message, StringComparison.Ordinal);
    }

    private static ImmutableArray<AccessToken> Read(string tokens) => NamedTokensReader.Read(
        new SettingsSection(ConfigurationFactory.ParseString($"morag.tokens {{\n{tokens}\n}}"), "morag.tokens"));
}
