using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// Describes failures of Redis to operators, in the words of the server, of the operating system, or its own. The client's messages do
/// not help them: without a known cause they advise programmers to hide the problem, and for a timeout they list internal counters.
/// </summary>
internal static class RedisErrorText
{
    private const string NoReply =
        "no Redis replies there; check that it is running, its address, TLS on both sides, and that the user may run ECHO and PING";

    private const string TimedOut = "it did not reply in time. Redis or this machine may be overloaded or frozen";
    private const string OnlyReplicas = "only a replica replies there, and a replica rejects writes";
    private const string Lost = "the connection was lost";
    private const string Unauthenticated = "it rejects the user or the password";

    /// <summary>Marks exceptions whose message this class has written.</summary>
    private const string OwnMessage = "Morag.Persistence.Redis";

    /// <summary>Returns the cause in one line, without a full stop.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        _ when failure.Data.Contains(OwnMessage) => OneLine(failure.Message),
        RedisServerException => OneLine(failure.Message),
        TimeoutException or OperationCanceledException => TimedOut,
        RedisConnectionException connection => DescribeConnection(connection),
        _ => OneLine(failure.GetBaseException().Message),
    };

    /// <summary>Replaces the client's message. The result has no inner exception, because a log would print its message too.</summary>
    public static RedisTimeoutException Rewrite(RedisTimeoutException failure) =>
        new(CommandFlags.None, $"The call to Redis failed: {TimedOut}", failure.Commandstatus);

    /// <summary>Replaces the client's message, unless <see cref="CreateFailure"/> has created the exception.</summary>
    public static RedisConnectionException Rewrite(RedisConnectionException failure) =>
        failure.Data.Contains(OwnMessage)
            ? failure
            : CreateFailure(failure.FailureType, $"The call to Redis failed: {DescribeConnection(failure)}");

    /// <summary>Creates a failure with a message for operators.</summary>
    public static RedisConnectionException CreateFailure(ConnectionFailureType kind, string message)
    {
        var failure = new RedisConnectionException(kind, CommandFlags.None, message, innerException: null);
        failure.Data[OwnMessage] = true;
        return failure;
    }

    private static string DescribeConnection(RedisConnectionException failure)
    {
        var first = failure.GetBaseException();
        return first is not RedisConnectionException && first.Message.Length > 0
            ? OneLine(first.Message)
            : failure.FailureType switch
            {
                _ when failure.Message.Contains("not eligible for replica", StringComparison.Ordinal) => OnlyReplicas,
                ConnectionFailureType.SocketFailure or ConnectionFailureType.SocketClosed => Lost,
                ConnectionFailureType.AuthenticationFailure => Unauthenticated,
                _ => NoReply,
            };
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
