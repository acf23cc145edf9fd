using System.Net.Sockets;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>Descriptions of Redis failures: never the client's advice to programmers.</summary>
public sealed class RedisErrorTextSpecs
{
    [Fact]
    public async Task Should_replace_the_advice_of_the_client_when_no_server_replies()
    {
        var failure = await Assert.ThrowsAsync<RedisConnectionException>(
            () => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{RedisTestServer.FreePort()},connectRetry=1,connectTimeout=1000"));
        Assert.Contains("abortConnect", failure.Message, StringComparison.Ordinal);

        var reason = RedisErrorText.Describe(failure);

        Assert.StartsWith("no Redis replies there; check that it is running", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("abortConnect", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_omit_the_counters_of_the_client_when_a_reply_is_late()
    {
        var failure = new RedisTimeoutException(
            CommandFlags.None, "Timeout awaiting response (please take a look at https://stackexchange.github.io)", CommandStatus.Sent);

        Assert.Equal(TimedOut, RedisErrorText.Describe(failure));
        Assert.Equal($"The call to Redis failed: {TimedOut}", RedisErrorText.Rewrite(failure).Message);
        Assert.Equal(CommandStatus.Sent, RedisErrorText.Rewrite(failure).Commandstatus);
    }

    [Fact]
    public void Should_return_the_message_of_the_server_when_it_is_the_cause()
    {
        var error = new RedisServerException(RedisErrorKind.WrongPass, CommandFlags.None, "WRONGPASS invalid username-password pair.");

        Assert.Equal(
            "WRONGPASS invalid username-password pair",
            RedisErrorText.Describe(Failure(ConnectionFailureType.AuthenticationFailure, error)));
    }

    [Fact]
    public void Should_return_the_message_of_the_operating_system_when_it_is_the_cause()
    {
        var refused = new SocketException((int)SocketError.ConnectionRefused);

        Assert.Equal(refused.Message, RedisErrorText.Describe(Failure(ConnectionFailureType.UnableToConnect, refused)));
    }

    [Theory]
    [InlineData(ConnectionFailureType.SocketFailure, "the connection was lost")]
    [InlineData(ConnectionFailureType.SocketClosed, "the connection was lost")]
    [InlineData(ConnectionFailureType.AuthenticationFailure, "it rejects the user or the password")]
    public void Should_describe_the_failure_when_only_its_type_is_known(ConnectionFailureType kind, string words)
    {
        var failure = Failure(kind);

        Assert.Equal(words, RedisErrorText.Describe(failure));
        var reworded = RedisErrorText.Rewrite(failure);
        Assert.Equal(($"The call to Redis failed: {words}", kind), (reworded.Message, reworded.FailureType));
        Assert.Null(reworded.InnerException);
    }

    [Fact]
    public void Should_leave_the_message_unchanged_when_it_is_already_for_operators()
    {
        var failure = RedisErrorText.CreateFailure(
            ConnectionFailureType.UnableToConnect, "akka.persistence.journal.redis cannot connect to Redis at a:1: no");

        Assert.Equal(failure.Message, RedisErrorText.Describe(failure));
        Assert.Same(failure, RedisErrorText.Rewrite(failure));
    }

    private const string TimedOut = "it did not reply in time. Redis or this machine may be overloaded or frozen";

    private static RedisConnectionException Failure(ConnectionFailureType kind, Exception? cause = null) =>
        new(
            kind,
            CommandFlags.None,
            "SocketFailure on 127.0.0.1:6379/Interactive, last: PING, mgr: 10 of 10 available; use abortConnect=false",
            cause);
}
