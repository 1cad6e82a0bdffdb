use zbus::zvariant::{Dict, Signature};

use super::*;

fn owned(value: impl Into<Value<'static>>) -> OwnedValue {
    OwnedValue::try_from(value.into()).unwrap()
}

fn properties<const N: usize>(entries: [(&str, OwnedValue); N]) -> Properties {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text_of(text: &'static str) -> OwnedValue {
    owned(Value::from(text))
}

fn ports(names: &[(&'static str, u32)]) -> OwnedValue {
    let ports: Vec<(String, u32)> = names.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    owned(Value::from(ports))
}

fn modem(path: &'static str, carries: &[(&'static str, u32)]) -> (OwnedObjectPath, Interfaces) {
    let modem = properties([("Ports", ports(carries))]);
    (OwnedObjectPath::try_from(path).unwrap(), Interfaces::from([(MODEM.to_owned(), modem)]))
}

#[test]
fn the_modem_of_the_interface_is_meant_and_no_guess_is_made_among_several() {
    let sim = (
        OwnedObjectPath::try_from("/sim").unwrap(),
        Interfaces::from([("Sim".to_owned(), Properties::new())]),
    );
    let one = modem("/modem/0", &[("ttyUSB2", 3), ("wwan0", PORT_NET)]);
    let other = modem("/modem/1", &[("wwan1", PORT_NET)]);
    let chosen = |objects: &[&(OwnedObjectPath, Interfaces)], interface| {
        let objects: Objects = objects
            .iter()
            .map(|(path, all)| {
                (
                    path.clone(),
                    all.iter()
                        .map(|(name, part)| {
                            (
                                name.clone(),
                                part.iter()
                                    .map(|(key, value)| (key.clone(), value.try_clone().unwrap()))
                                    .collect(),
                            )
                        })
                        .collect(),
                )
            })
            .collect();
        choose(&objects, interface).map(|(path, _)| path.to_string())
    };
    assert_eq!(chosen(&[&sim, &one, &other], Some("wwan1")), Ok("/modem/1".to_owned()));
    assert_eq!(chosen(&[&one, &other], Some("eth0")), Err(RadioFault::WhichModem));
    assert_eq!(
        chosen(&[&one, &other], Some("ttyUSB2")),
        Err(RadioFault::WhichModem),
        "no network runs over it"
    );
    assert_eq!(chosen(&[&sim, &one], Some("eth0")), Ok("/modem/0".to_owned()));
    assert_eq!(chosen(&[&sim], None), Err(RadioFault::NoModem));
}

#[test]
fn what_means_unknown_is_absent() {
    let state = |state: u32| registration(&properties([("RegistrationState", owned(state))]));
    assert_eq!(state(4), None);
    assert_eq!(
        (state(1), state(9), state(5)),
        (Some(Registration::Home), Some(Registration::Home), Some(Registration::Roaming))
    );
    assert_eq!(registration(&Properties::new()), None);
    assert_eq!((operator(""), operator("2080"), operator("20801")), (None, None, Some("20801".to_owned())));
    assert_eq!(access(0), []);
    assert_eq!(access(u32::MAX), [], "any technology is none in particular");
    assert_eq!(access((1 << 14) | (1 << 15)), [RadioTechnology::Lte, RadioTechnology::Nr]);
    assert_eq!(access(1 << 9), [RadioTechnology::Umts]);
}

#[test]
fn levels_are_those_told_and_no_others() {
    let mut lte = Dict::new(&Signature::Str, &Signature::Variant);
    lte.append(Value::from("rsrp"), Value::Value(Box::new(Value::F64(-97.5)))).unwrap();
    lte.append(Value::from("rsrq"), Value::Value(Box::new(Value::F64(f64::NAN)))).unwrap();
    lte.append(Value::from("snr"), Value::Value(Box::new(Value::F64(-32_768.0)))).unwrap();
    let empty = Dict::new(&Signature::Str, &Signature::Variant);
    let told = signals(&properties([("Lte", owned(Value::Dict(lte))), ("Nr5g", owned(Value::Dict(empty)))]));
    let expected = RadioSignal { rsrp_dbm: Some(-97.5), ..RadioSignal::untold(RadioTechnology::Lte) };
    assert_eq!(told, [expected]);
}

#[test]
fn serving_cells_are_read_and_neighbours_are_not() {
    let serving = properties([
        ("cell-type", owned(5_u32)),
        ("serving", owned(true)),
        ("operator-id", text_of("20801")),
        ("tac", text_of("9CBA")),
        ("ci", text_of("53B2201")),
        ("physical-ci", text_of("1E2")),
        ("earfcn", owned(6300_u32)),
        ("rsrp", owned(-89.0)),
    ]);
    let neighbour = properties([("cell-type", owned(5_u32)), ("serving", owned(false))]);
    let expected = ServingCell {
        technology: Some(RadioTechnology::Lte),
        operator: Some("20801".to_owned()),
        cell: Some(0x053B_2201),
        area: Some(0x9CBA),
        physical_cell: Some(482),
        channel: Some(6300),
        bandwidth_hz: None,
        rsrp_dbm: Some(-89.0),
        rsrq_db: None,
    };
    assert_eq!(cells(&[neighbour, serving]), [expected]);
}

#[test]
fn where_the_modem_tells_no_cells_its_location_does() {
    let told = |text: &'static str| cell_of_location(&HashMap::from([(1, text_of(text))]));
    let cell = told("208,01,FFFE,53B2201,9CBA").unwrap();
    assert_eq!(
        (cell.cell, cell.area, cell.operator.as_deref()),
        (Some(0x053B_2201), Some(0x9CBA), Some("20801"))
    );
    assert_eq!(told("208,01,1A2B,C3D4,0").unwrap().area, Some(0x1A2B));
    for nothing in ["", "208,01,0,0,0", "208,01", "208,01,x,y,z"] {
        assert_eq!(told(nothing), None, "{nothing}");
    }
}
