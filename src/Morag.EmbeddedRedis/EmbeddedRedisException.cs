namespace Morag.EmbeddedRedis;

/// <summary>The embedded Redis cannot start; the message is one that an operator can act on.</summary>
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
