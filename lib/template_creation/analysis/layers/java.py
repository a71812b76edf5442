"""Java files: Spring stereotypes, JPA, Jakarta REST, Quarkus, validation, mapping."""

from __future__ import annotations

from template_creation.analysis.layers.signal import FileView, Signal, last_word

__all__ = ["strong", "weak"]

_ANNOTATIONS: tuple[tuple[str, str], ...] = (
    (r"ControllerAdvice|RestControllerAdvice", "errors"),
    (r"RestController|Controller|GraphQlController|Path|MessageMapping", "api"),
    (r"Entity|MappedSuperclass|Embeddable|Document|Table", "models"),
    (r"Repository|Mapper\b", "data"),
    (r"Configuration|SpringBootApplication|ConfigurationProperties|EnableWebSecurity", "config"),
    (r"SpringBootTest|WebMvcTest|DataJpaTest|Test|QuarkusTest", "tests"),
    (r"Service|ApplicationScoped|Transactional", "services"),
    (r"Scheduled|KafkaListener|RabbitListener", "jobs"),
)
_BASES: tuple[tuple[str, str], ...] = (
    (r"(?:Jpa|Crud|Mongo|Reactive\w*|PagingAndSorting|ListCrud)?Repository", "data"),
    (r"PanacheRepository\w*", "data"),
    (r"Validator|ConstraintValidator", "validators"),
    (r"Formatter|Converter|AttributeConverter", "mapping"),
    (r"\w*(?:Exception)|Throwable", "errors"),
    (r"RuntimeHintsRegistrar|WebMvcConfigurer|SpringBootServletInitializer", "config"),
)


def strong(view: FileView) -> Signal | None:
    """Evidence that outweighs the file's name and folder."""
    for pattern, layer in _ANNOTATIONS:
        found = view.decorator(pattern)
        if found and (found[0].kind not in {"method"} or layer in {"tests", "jobs"}):
            return Signal(layer, f"annotation @{found[1]}", found[0].line)
    for pattern, layer in _BASES:
        based = view.base(pattern)
        if based:
            return Signal(layer, f"base type {based[1]}", based[0].line)
    return None


def weak(view: FileView) -> Signal | None:
    """Evidence that counts where neither name nor folder says anything."""
    component = view.decorator(r"Component|Singleton")
    if component:
        return Signal("services", f"annotation @{component[1]}", component[0].line)
    mapped = view.decorator(r"Column|Id|XmlElement|XmlRootElement|ManyToOne|OneToMany")
    if mapped:
        return Signal("models", f"annotation @{mapped[1]}", mapped[0].line)
    for item in view.types():
        word = last_word(item.name)
        if item.kind == "record" or word in {"dto", "request", "response"}:
            return Signal("schemas", "record or transfer type", item.line)
        if any(method.name == "main" for method in view.functions()):
            return Signal("config", "method main", item.line)
    return None
