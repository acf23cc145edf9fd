using System.Net.Sockets;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>What people read about a Redis that cannot be used: its own words or ours, never the client's advice to programmers.</summary>
public sealed class RedisErrorTextSpecs
{
    [Fact]
    public async Task Should_not_pass_on_the_advice_of_the_client_when_nothing_answers()
    {
        var failure = await Assert.ThrowsAsync<RedisConnectionException>(
            () => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{RedisTestServer.FreePort()},connectRetry=1,connectTimeout=1000"));
        Assert.Contains("abortConnect", failure.Message, StringComparison.Ordinal);

        var reason = RedisErrorText.Describe(failure);

        Assert.StartsWith("no Redis answers there; check that it runs", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("abortConnect", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_say_that_an_answer_is_late_without_the_counters_of_the_client()
    {
        var failure = new RedisTimeoutException(CommandFlags.None, "Timeout awaiting response (please take a look at https://stackexchange.github.io)", CommandStatus.Sent);

        Assert.Equal(Late, RedisErrorText.Describe(failure));
        Assert.Equal($"Redis cannot be asked: {Late}", RedisErrorText.Rewrite(failure).Message);
        Assert.Equal(CommandStatus.Sent, RedisErrorText.Rewrite(failure).Commandstatus);
    }

    [Fact]
    public void Should_pass_on_what_the_server_said() => Assert.Equal(
        "WRONGPASS invalid username-password pair",
        RedisErrorText.Describe(Failure(
            ConnectionFailureType.AuthenticationFailure, new RedisServerException(RedisErrorKind.WrongPass, CommandFlags.None, "WRONGPASS invalid username-password pair."))));

    [Fact]
    public void Should_pass_on_what_the_operating_system_said()
    {
        var refused = new SocketException((int)SocketError.ConnectionRefused);

        Assert.Equal(refused.Message, RedisErrorText.Describe(Failure(ConnectionFailureType.UnableToConnect, refused)));
    }

    [Theory]
    [InlineData(ConnectionFailureType.SocketFailure, "the connection was lost")]
    [InlineData(ConnectionFailureType.SocketClosed, "the connection was lost")]
    [InlineData(ConnectionFailureType.AuthenticationFailure, "it refuses the user or the password")]
    public void Should_say_in_our_words_what_only_the_client_knows(ConnectionFailureType kind, string words)
    {
        var failure = Failure(kind);

        Assert.Equal(words, RedisErrorText.Describe(failure));
        var reworded = RedisErrorText.Rewrite(failure);
        Assert.Equal(($"Redis cannot be asked: {words}", kind), (reworded.Message, reworded.FailureType));
        Assert.Null(reworded.InnerException);
    }

    [Fact]
    public void Should_leave_words_of_ours_as_they_are()
    {
        var failure = RedisErrorText.CreateFailure(ConnectionFailureType.UnableToConnect, "akka.persistence.journal.redis cannot connect to Redis at a:1: no");

        Assert.Equal(failure.Message, RedisErrorText.Describe(failure));
        Assert.Same(failure, RedisErrorText.Rewrite(failure));
    }

    private const string Late = "it did not answer in time. Redis or this machine may be overloaded or frozen";

    private static RedisConnectionException Failure(ConnectionFailureType kind, Exception? cause = null) =>
        new(kind, CommandFlags.None, "SocketFailure on 127.0.0.1:6379/Interactive, last: PING, mgr: 10 of 10 available; use abortConnect=false", cause);
}
