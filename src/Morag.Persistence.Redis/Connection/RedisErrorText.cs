using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// Why Redis could not be used, for people: the words of the server, of the operating system, or ours. What the client says where it
/// knows no reason is advice on how to hide the problem in code, and what it says of a late answer is a page of its counters.
/// </summary>
internal static class RedisErrorText
{
    private const string NoAnswer = "no Redis answers there; check that it runs, its address, TLS on both sides, and that the user may ECHO and PING";
    private const string Late = "it did not answer in time. Redis or this machine may be overloaded or frozen";
    private const string OnlyReplicas = "only a replica answers there, and a replica takes no writes";
    private const string Lost = "the connection was lost";
    private const string Unauthenticated = "it refuses the user or the password";
    private const string OwnWords = "Morag.Persistence.Redis";

    /// <summary>The reason in one line, without a full stop.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        _ when failure.Data.Contains(OwnWords) => OneLine(failure.Message),
        RedisServerException => OneLine(failure.Message),
        TimeoutException or OperationCanceledException => Late,
        RedisConnectionException connection => OfConnection(connection),
        _ => OneLine(failure.GetBaseException().Message),
    };

    /// <summary>A failure in our words instead of the client's. It has no inner exception: whoever prints those would print the advice.</summary>
    public static RedisTimeoutException Rewrite(RedisTimeoutException failure) =>
        new(CommandFlags.None, $"Redis cannot be asked: {Late}", failure.Commandstatus);

    /// <summary>A failure in our words instead of the client's, or the same where they are ours.</summary>
    public static RedisConnectionException Rewrite(RedisConnectionException failure) =>
        failure.Data.Contains(OwnWords) ? failure : CreateFailure(failure.FailureType, $"Redis cannot be asked: {OfConnection(failure)}");

    /// <summary>A failure whose message is ours.</summary>
    public static RedisConnectionException CreateFailure(ConnectionFailureType kind, string message)
    {
        var failure = new RedisConnectionException(kind, CommandFlags.None, message, innerException: null);
        failure.Data[OwnWords] = true;
        return failure;
    }

    private static string OfConnection(RedisConnectionException failure)
    {
        var first = failure.GetBaseException();
        return first is not RedisConnectionException && first.Message.Length > 0
            ? OneLine(first.Message)
            : failure.FailureType switch
            {
                _ when failure.Message.Contains("not eligible for replica", StringComparison.Ordinal) => OnlyReplicas,
                ConnectionFailureType.SocketFailure or ConnectionFailureType.SocketClosed => Lost,
                ConnectionFailureType.AuthenticationFailure => Unauthenticated,
                _ => NoAnswer,
            };
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
