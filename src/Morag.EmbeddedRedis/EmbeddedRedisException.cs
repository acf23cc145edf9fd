namespace Morag.EmbeddedRedis;

/// <summary>The embedded Redis cannot start. The message tells an operator what to do.</summary>
public class EmbeddedRedisException : Exception
{
    public EmbeddedRedisException(string message)
        : base(message)
    {
    }

    public EmbeddedRedisException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
